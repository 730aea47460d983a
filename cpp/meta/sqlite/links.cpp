#include "meta/sqlite/links.h"

#include "meta/charged_to.h"
#include "meta/sqlite/journal.h"
#include "meta/sqlite/needs.h"
#include "meta/sqlite/removed.h"
#include "meta/sqlite/repository.h"
#include "meta/sqlite/slice.h"
#include "meta/sqlite/uploads.h"
#include "meta/sqlite/usage.h"
#include "meta/sqlite/values.h"
#include "meta/unknown.h"

namespace ocilot::meta {

namespace {

Result<BlobFact> read_blob(SqliteDb& db, oci::RepositoryName const& repository, oci::Digest const& digest) {
    TRY(auto rows,
        db.query("SELECT size FROM link WHERE repository = (SELECT id FROM repository WHERE name = ?1) "
                 "AND digest = ?2 AND NOT EXISTS (SELECT 1 FROM quarantined q WHERE q.digest = ?2)",
                 {repository.str(), digest.str()}));
    TRY(bool const row, rows.next());
    if (!row) return blob_unknown(repository, digest);
    return BlobFact{digest, static_cast<std::uint64_t>(rows.integer(0))};
}

/// The page in order of ids: the index has them, while names would have to be sorted first.
Result<Slice<std::string>> read_holders(SqliteDb& db, oci::Digest const& digest, Page const& page) {
    std::int64_t last = 0;
    if (page.after) {
        TRY(auto const name, oci::RepositoryName::parse(*page.after));
        TRY(auto const id, find_repository(db, name));
        if (!id) return name_unknown(name);
        last = *id;
    }
    // CROSS JOIN: from the links to the names, never through all repositories.
    TRY(auto rows, db.query("SELECT r.name FROM link l CROSS JOIN repository r ON r.id = l.repository "
                            "WHERE l.digest = ?1 AND l.repository > ?2 ORDER BY l.repository LIMIT ?3",
                            {digest.str(), last, one_more(page)}));
    return slice_of_names(std::move(rows), page);
}

/// A push of what is there already may be followed by a manifest: the garbage collection waits for it.
Result<> note_push_again(SqliteDb& db, std::int64_t repository, std::string_view digest, Time now) {
    CHECK(db.change("UPDATE link SET linked_at = ?3 WHERE repository = ?1 AND digest = ?2",
                    {repository, digest, stored(now)}));
    return {};
}

/// What is there already adds nothing.
Result<> require_quota(SqliteDb& db, oci::RepositoryName const& repository, BlobFact const& blob,
                       Actor const& by, PushLimits const& limits) {
    if (!limits.bytes()) return {};
    auto const known = read_blob(db, repository, blob.digest);
    if (known.has_value()) return {};
    if (known.error().code != Errc::blob_unknown) return known.error();
    return require_limits(db, {repository.str(), charged_to(by.kind, by.name)}, limits, {.bytes = blob.size});
}

/// `how` is the change that it is, if the link is new.
Result<> link(SqliteDb& db, oci::RepositoryName const& repository, BlobFact const& blob, Change how,
              Actor const& by) {
    TRY(auto const id, find_or_make_repository(db, repository));
    auto digest = blob.digest.str();
    auto const charged = charged_to(by.kind, by.name);
    TRY(auto const added,
        db.change("INSERT INTO link (repository, digest, size, linked_at, charged_to) "
                  "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
                  {id, digest, static_cast<std::int64_t>(blob.size), stored(how.at), charged}));
    if (added == 0) return note_push_again(db, id, digest, how.at);
    how.repository = repository.str();
    how.digest = std::move(digest);
    how.size = blob.size;
    return write_change(db, how, by);
}

Result<> link_upload(SqliteDb& db, oci::RepositoryName const& repository, BlobFact const& blob,
                     std::optional<UploadClaim> upload, Actor const& by, Time now, PushLimits const& limits) {
    CHECK(require_quota(db, repository, blob, by, limits));
    CHECK(link(db, repository, blob, {.at = now, .kind = ChangeKind::blob_push}, by));
    CHECK(end_quarantine(db, blob.digest));
    if (upload) {
        CHECK(end_upload(db, *upload));
    }
    return {};
}

Result<BlobFact> mount(SqliteDb& db, oci::RepositoryName const& source, oci::RepositoryName const& target,
                       oci::Digest const& digest, Actor const& by, Time now, PushLimits const& limits) {
    TRY(auto const blob, read_blob(db, source, digest));
    CHECK(require_quota(db, target, blob, by, limits));
    CHECK(link(db, target, blob,
               {.at = now, .kind = ChangeKind::blob_mount, .details = {.source = source.str()}}, by));
    return blob;
}

Result<> unlink(SqliteDb& db, oci::RepositoryName const& repository, oci::Digest const& digest,
                Actor const& by, Time now) {
    TRY(auto const id, find_repository(db, repository));
    if (!id) return blob_unknown(repository, digest);
    TRY(bool const removed, take_out_link(db, {*id, repository.str(), now}, digest.str()));
    if (!removed) return blob_unknown(repository, digest);
    CHECK(write_change(db, {.at = now,
                            .kind = ChangeKind::blob_delete,
                            .by = by,
                            .repository = repository.str(),
                            .digest = digest.str()}));
    return drop_repository_if_empty(db, *id);
}

}  // namespace

Task<Result<BlobFact>> SqliteLinks::blob(oci::RepositoryName const& repository, oci::Digest const& digest) {
    FactKey const key(repository, digest);
    auto const version = writer_.versions().of(repository);
    if (auto const size = sizes_.find(key, version)) co_return BlobFact{digest, *size};
    auto fact = readers_.read([&](SqliteDb& db) { return read_blob(db, repository, digest); });
    if (fact.has_value()) sizes_.add(key, version, fact->size);
    co_return fact;
}

Task<Result<Slice<std::string>>> SqliteLinks::holders(oci::Digest const& digest, Page page) {
    co_return readers_.read([&](SqliteDb& db) { return read_holders(db, digest, page); });
}

Task<Result<>> SqliteLinks::link_blob(oci::RepositoryName const& repository, BlobFact blob,
                                      std::optional<UploadClaim> upload, Actor by, Time now,
                                      PushLimits limits) {
    return writer_.run(ChangeScope::of(repository), [=, who = std::move(by)](SqliteDb& db) {
        return link_upload(db, repository, blob, upload, who, now, limits);
    });
}

Task<Result<BlobFact>> SqliteLinks::mount_blob(oci::RepositoryName const& source,
                                               oci::RepositoryName const& target, oci::Digest const& digest,
                                               Actor by, Time now, PushLimits limits) {
    return writer_.run(ChangeScope::of(target), [=, who = std::move(by)](SqliteDb& db) {
        return mount(db, source, target, digest, who, now, limits);
    });
}

Task<Result<>> SqliteLinks::unlink_blob(oci::RepositoryName const& repository, oci::Digest const& digest,
                                        UnlinkConditions conditions, Actor by, Time now) {
    return writer_.run(ChangeScope::of(repository), [=](SqliteDb& db) -> Result<> {
        if (conditions.expected_tags) {
            CHECK(require_no_other_tag(db, repository, digest, *conditions.expected_tags));
        }
        if (conditions.unreferenced) {
            CHECK(require_no_manifest(db, repository, digest));
        }
        return unlink(db, repository, digest, by, now);
    });
}

}  // namespace ocilot::meta
