#include "meta/sqlite/removed.h"

#include "meta/sqlite/journal.h"
#include "meta/sqlite/repository.h"
#include "meta/sqlite/values.h"

#include <fmt/format.h>

namespace ocilot::meta {

namespace {

using Id = std::optional<std::int64_t>;

Result<Id> find_removed(SqliteDb& db, std::string_view repository, std::string_view digest,
                        WhichRemoved which) {
    std::int64_t const least = which == WhichRemoved::condemned ? 1 : 0;
    return first_number(db,
                        "SELECT id FROM removed_manifest WHERE repository = ?1 AND digest = ?2 "
                        "AND condemned >= ?3",
                        {repository, digest, least});
}

/// The row of the repository, made again if it is gone.
Result<std::int64_t> repository_named(SqliteDb& db, std::string_view name) {
    TRY(auto const parsed, oci::RepositoryName::parse(name));
    return find_or_make_repository(db, parsed);
}

Result<Id> find_live(SqliteDb& db, std::int64_t repository, std::string_view digest) {
    return first_number(db, "SELECT id FROM manifest WHERE repository = ?1 AND digest = ?2",
                        {repository, digest});
}

/// One that was condemned gets its id again, under which its edges are.
Result<> copy_back(SqliteDb& db, std::int64_t removed, std::int64_t repository) {
    TRY(auto const condemned, first_number(db,
                                           "SELECT live_id FROM removed_manifest WHERE id = ?1 "
                                           "AND live_id IS NOT NULL",
                                           {removed}));
    TRY(auto const next, next_manifest_id(db));
    auto const id = condemned.value_or(next);
    CHECK(
        db.change("INSERT INTO manifest (id, repository, digest, media_type, size, subject, artifact_type, "
                  "annotations, pushed_by, pushed_at, image_size, charged_to) "
                  "SELECT ?3, ?2, digest, media_type, size, subject, artifact_type, annotations, pushed_by, "
                  "pushed_at, image_size, charged_to FROM removed_manifest WHERE id = ?1",
                  {removed, repository, id}));
    if (condemned) {
        CHECK(db.change("UPDATE removed_manifest SET live_id = NULL WHERE id = ?1", {removed}));
    } else {
        CHECK(
            db.change("INSERT INTO edge (repository, manifest, child, kind) "
                      "SELECT ?2, ?3, child, kind FROM removed_edge WHERE manifest = ?1",
                      {removed, repository, id}));
    }
    CHECK(list_repository(db, repository));
    return {};
}

/// The edges of a manifest are those of a removed one from now on.
Result<> move_edges(SqliteDb& db, std::int64_t manifest, std::string_view repository, std::int64_t removed) {
    CHECK(
        db.change("INSERT INTO removed_edge (repository, manifest, child, kind) "
                  "SELECT ?2, ?3, child, kind FROM edge WHERE manifest = ?1",
                  {manifest, repository, removed}));
    CHECK(db.change("DELETE FROM edge WHERE manifest = ?1", {manifest}));
    return {};
}

}  // namespace

Result<std::int64_t> next_manifest_id(SqliteDb& db) {
    TRY(auto const last,
        first_number(db,
                     "SELECT max(ifnull((SELECT max(id) FROM manifest), 0), "
                     "ifnull((SELECT max(live_id) FROM removed_manifest WHERE live_id IS NOT NULL), 0))",
                     {}));
    return last.value_or(0) + 1;
}

Result<> take_out_manifest(SqliteDb& db, Removal const& removal, std::int64_t manifest,
                           std::string_view digest, std::string_view tags) {
    TRY(auto const earlier, find_removed(db, removal.name, digest, WhichRemoved::any));
    if (earlier) {
        CHECK(forget_removed_manifest(db, *earlier));
    }
    CHECK(db.change(
        "INSERT INTO removed_manifest (repository, digest, media_type, size, subject, artifact_type, "
        "annotations, pushed_by, pushed_at, image_size, tags, removed_at, condemned, charged_to, live_id) "
        "SELECT ?2, digest, media_type, size, subject, artifact_type, annotations, pushed_by, "
        "pushed_at, image_size, ?3, ?4, ?5, charged_to, iif(?5, id, NULL) FROM manifest WHERE id = ?1",
        {manifest, removal.name, tags, stored(removal.at), std::int64_t{removal.condemned}}));
    if (!removal.condemned) {
        TRY(auto const removed, find_removed(db, removal.name, digest, WhichRemoved::any));
        CHECK(move_edges(db, manifest, removal.name, *removed));
    }
    CHECK(db.change("DELETE FROM manifest WHERE id = ?1", {manifest}));
    return unlist_repository_without_manifests(db, removal.repository);
}

Result<bool> take_out_link(SqliteDb& db, Removal const& removal, std::string_view digest) {
    CHECK(db.change(
        "INSERT OR REPLACE INTO removed_link (repository, digest, size, linked_at, removed_at, "
        "condemned, charged_to) SELECT ?3, digest, size, linked_at, ?4, ?5, charged_to FROM link "
        "WHERE repository = ?1 AND digest = ?2",
        {removal.repository, digest, removal.name, stored(removal.at), std::int64_t{removal.condemned}}));
    TRY(auto const removed,
        db.change("DELETE FROM link WHERE repository = ?1 AND digest = ?2", {removal.repository, digest}));
    return removed > 0;
}

Result<> require_set_at(SqliteDb& db, std::int64_t repository, std::string_view tag,
                        std::optional<Time> set_at) {
    if (!set_at) return {};
    TRY(auto const last,
        first_number(db, "SELECT moved_at FROM tag WHERE repository = ?1 AND name = ?2", {repository, tag}));
    if (last && *last == stored(*set_at)) return {};
    return Error{Errc::precondition_failed,
                 fmt::format("tag {} was set again meanwhile; nothing was changed: fetch it and retry", tag)};
}

Result<> take_out_tag(SqliteDb& db, std::int64_t repository, Change const& change) {
    auto const& tag = change.details.tags.front().name;
    CHECK(db.change("DELETE FROM tag WHERE repository = ?1 AND name = ?2", {repository, tag}));
    CHECK(
        db.change("INSERT INTO tag_history (repository, tag, changed_by, changed_at) VALUES (?1, ?2, ?3, ?4)",
                  {change.repository, tag, change.by.name, stored(change.at)}));
    return write_change(db, change);
}

Result<bool> put_back_manifest(SqliteDb& db, std::string_view repository, std::string_view digest,
                               WhichRemoved which) {
    TRY(auto const removed, find_removed(db, repository, digest, which));
    if (!removed) return false;
    TRY(auto const id, repository_named(db, repository));
    TRY(auto const live, find_live(db, id, digest));
    if (!live) {
        CHECK(copy_back(db, *removed, id));
    }
    CHECK(forget_removed_manifest(db, *removed));
    return true;
}

Result<bool> put_back_link(SqliteDb& db, std::string_view repository, std::string_view digest,
                           WhichRemoved which) {
    std::int64_t const least = which == WhichRemoved::condemned ? 1 : 0;
    TRY(auto const found,
        first_number(db,
                     "SELECT 1 FROM removed_link WHERE repository = ?1 AND digest = ?2 AND condemned >= ?3",
                     {repository, digest, least}));
    if (!found) return false;
    TRY(auto const id, repository_named(db, repository));
    CHECK(
        db.change("INSERT INTO link (repository, digest, size, linked_at, charged_to) "
                  "SELECT ?3, digest, size, linked_at, charged_to FROM removed_link "
                  "WHERE repository = ?1 AND digest = ?2 ON CONFLICT DO NOTHING",
                  {repository, digest, id}));
    CHECK(forget_removed_link(db, repository, digest));
    return true;
}

Result<> keep_condemned_as_deleted(SqliteDb& db, std::string_view repository, Time now) {
    CHECK(
        db.change("INSERT INTO removed_edge (repository, manifest, child, kind) "
                  "SELECT r.repository, r.id, e.child, e.kind FROM removed_manifest r "
                  "CROSS JOIN edge e ON e.manifest = r.live_id WHERE r.repository = ?1",
                  {repository}));
    CHECK(
        db.change("DELETE FROM edge WHERE manifest IN (SELECT live_id FROM removed_manifest "
                  "WHERE repository = ?1 AND live_id IS NOT NULL)",
                  {repository}));
    CHECK(
        db.change("UPDATE removed_manifest SET condemned = 0, removed_at = ?2, live_id = NULL "
                  "WHERE repository = ?1 AND condemned = 1",
                  {repository, stored(now)}));
    CHECK(
        db.change("UPDATE removed_link SET condemned = 0, removed_at = ?2 WHERE repository = ?1 "
                  "AND condemned = 1",
                  {repository, stored(now)}));
    return {};
}

Result<> forget_removed_manifest(SqliteDb& db, std::int64_t id) {
    CHECK(db.change("DELETE FROM edge WHERE manifest = (SELECT live_id FROM removed_manifest WHERE id = ?1)",
                    {id}));
    CHECK(db.change("DELETE FROM removed_edge WHERE manifest = ?1", {id}));
    CHECK(db.change("DELETE FROM removed_manifest WHERE id = ?1", {id}));
    return {};
}

Result<> forget_removed_link(SqliteDb& db, std::string_view repository, std::string_view digest) {
    CHECK(db.change("DELETE FROM removed_link WHERE repository = ?1 AND digest = ?2", {repository, digest}));
    return {};
}

}  // namespace ocilot::meta
