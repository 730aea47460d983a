#include "meta/sqlite/repository_removal.h"

#include "meta/sqlite/journal.h"
#include "meta/sqlite/removed.h"
#include "meta/sqlite/repository.h"
#include "meta/sqlite/repository_summary.h"
#include "meta/sqlite/review_queue.h"
#include "meta/sqlite/tag_changes.h"
#include "meta/sqlite/values.h"
#include "meta/unknown.h"

#include <vector>

namespace ocilot::meta {

namespace {

/// What was removed before under a digest that is removed now: the later removal counts.
Result<> forget_earlier(SqliteDb& db, Removal const& removal) {
    CHECK(
        db.change("DELETE FROM removed_edge WHERE manifest IN (SELECT r.id FROM manifest m "
                  "CROSS JOIN removed_manifest r ON r.repository = ?2 AND r.digest = m.digest "
                  "WHERE m.repository = ?1)",
                  {removal.repository, removal.name}));
    CHECK(
        db.change("DELETE FROM removed_manifest WHERE id IN (SELECT r.id FROM manifest m "
                  "CROSS JOIN removed_manifest r ON r.repository = ?2 AND r.digest = m.digest "
                  "WHERE m.repository = ?1)",
                  {removal.repository, removal.name}));
    return {};
}

/// The tags of a manifest are stored with it, as JSON: no tag has a character that JSON would escape.
Result<> copy_manifests(SqliteDb& db, Removal const& removal) {
    CHECK(db.change(
        "INSERT INTO removed_manifest (repository, digest, media_type, size, subject, artifact_type, "
        "annotations, pushed_by, pushed_at, image_size, tags, removed_at, condemned, charged_to) "
        "SELECT ?2, digest, media_type, size, subject, artifact_type, annotations, pushed_by, "
        "pushed_at, image_size, ifnull((SELECT '[\"' || group_concat(t.name, '\",\"') || '\"]' "
        "FROM tag t INDEXED BY tag_digest WHERE t.repository = ?1 "
        "AND t.digest = manifest.digest), '[]'), ?3, 0, charged_to FROM manifest "
        "WHERE repository = ?1",
        {removal.repository, removal.name, stored(removal.at)}));
    CHECK(
        db.change("INSERT INTO removed_edge (repository, manifest, child, kind) "
                  "SELECT ?2, r.id, e.child, e.kind FROM manifest m CROSS JOIN removed_manifest r "
                  "ON r.repository = ?2 AND r.digest = m.digest CROSS JOIN edge e ON e.manifest = m.id "
                  "WHERE m.repository = ?1",
                  {removal.repository, removal.name}));
    return {};
}

Result<> take_out_tags(SqliteDb& db, Removal const& removal, Actor const& by) {
    CHECK(
        db.change("INSERT INTO tag_history (repository, tag, changed_by, changed_at) "
                  "SELECT ?2, name, ?3, ?4 FROM tag WHERE repository = ?1",
                  {removal.repository, removal.name, by.name, stored(removal.at)}));
    CHECK(db.change("DELETE FROM tag WHERE repository = ?1", {removal.repository}));
    return {};
}

Result<> take_out_manifests(SqliteDb& db, Removal const& removal, Actor const& by) {
    CHECK(forget_earlier(db, removal));
    CHECK(copy_manifests(db, removal));
    CHECK(take_out_tags(db, removal, by));
    CHECK(db.change("DELETE FROM edge WHERE repository = ?1", {removal.repository}));
    CHECK(db.change("DELETE FROM manifest WHERE repository = ?1", {removal.repository}));
    return {};
}

Result<> take_out_links(SqliteDb& db, Removal const& removal) {
    CHECK(
        db.change("INSERT OR REPLACE INTO removed_link (repository, digest, size, linked_at, removed_at, "
                  "condemned, charged_to) SELECT ?2, digest, size, linked_at, ?3, 0, charged_to FROM link "
                  "WHERE repository = ?1",
                  {removal.repository, removal.name, stored(removal.at)}));
    CHECK(db.change("DELETE FROM link WHERE repository = ?1", {removal.repository}));
    return {};
}

}  // namespace

Result<RepositorySummary> remove_repository(SqliteDb& db, oci::RepositoryName const& repository,
                                            Actor const& by, Time now) {
    TRY(auto const id, find_repository(db, repository));
    if (!id) return name_unknown(repository);
    auto const& name = repository.str();
    TRY(auto summary, summarize(db, *id, name));
    Change change{.at = now, .kind = ChangeKind::repository_delete, .by = by, .repository = name};
    TagsThatGo const all{*id};
    TRY(change.details.tags, tags_to_name(db, all));
    CHECK(write_unnamed_tags(db, all, change));
    change.details.more_tags = summary.tags - change.details.tags.size();
    change.details.counts = counts_of(summary);
    Removal const removal{*id, name, now};
    // What is lifted would make a repository of this name.
    CHECK(keep_condemned_as_deleted(db, name, now));
    CHECK(take_out_manifests(db, removal, by));
    CHECK(take_out_links(db, removal));
    CHECK(db.change("DELETE FROM repository WHERE id = ?1", {*id}));
    // What is pushed under this name later is not what a plan was made for.
    CHECK(db.change("DELETE FROM retention_piece WHERE repository = ?1", {name}));
    CHECK(add_removed_candidates(db, name));
    CHECK(write_change(db, change));
    return summary;
}

}  // namespace ocilot::meta
