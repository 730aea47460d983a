#include "meta/annotations_json.h"
#include "meta/sqlite/catalog.h"
#include "meta/sqlite/needs.h"
#include "meta/sqlite/slice.h"
#include "meta/sqlite/values.h"
#include "meta/unknown.h"

#include <limits>

namespace ocilot::meta {

namespace {

Result<ManifestFact> manifest_of(SqliteRows const& rows) {
    TRY(auto const digest, stored_digest(rows, 0));
    return ManifestFact{digest, rows.text(1), static_cast<std::uint64_t>(rows.integer(2))};
}

Result<ReferrerRow> referrer_of(SqliteRows const& rows) {
    ReferrerRow const row{rows.view(0), rows.view(1), static_cast<std::uint64_t>(rows.integer(2)),
                          rows.view(3), rows.view(4)};
    if (!is_annotations_json(row.annotations_json)) return damaged("list of annotations");
    return row;
}

Result<bool> hand_out(SqliteRows rows, Page const& page, ReferrerVisitor const& visit) {
    for (std::size_t taken = 0;; ++taken) {
        TRY(bool const more, rows.next());
        if (!more) return false;
        if (taken == page.limit) return true;
        TRY(auto const row, referrer_of(rows));
        if (!visit(row)) return true;
    }
}

Result<Slice<std::string>> read_repositories(SqliteDb& db, Page const& page) {
    TRY(auto rows,
        db.query("SELECT name FROM repository WHERE listed = 1 AND name > ?1 ORDER BY name LIMIT ?2",
                 {after(page), one_more(page)}));
    return slice_of_names(std::move(rows), page);
}

Result<Slice<std::string>> read_tags(SqliteDb& db, oci::RepositoryName const& repository, Page const& page) {
    TRY(auto rows,
        db.query("SELECT name FROM tag WHERE repository = (SELECT id FROM repository WHERE name = ?1) "
                 "AND name > ?2 ORDER BY name LIMIT ?3",
                 {repository.str(), after(page), one_more(page)}));
    TRY(auto names, slice_of_names(std::move(rows), page));
    if (names.items.empty() && !names.more) {
        TRY(auto known, db.query("SELECT 1 FROM repository WHERE name = ?1", {repository.str()}));
        TRY(bool const exists, known.next());
        if (!exists) return name_unknown(repository);
    }
    return names;
}

Result<ManifestFact> read_tagged(SqliteDb& db, oci::RepositoryName const& repository, oci::Tag const& tag) {
    TRY(auto rows,
        db.query("SELECT m.digest, m.media_type, m.size FROM tag t JOIN manifest m "
                 "ON m.repository = t.repository AND m.digest = t.digest "
                 "WHERE t.repository = (SELECT id FROM repository WHERE name = ?1) AND t.name = ?2 "
                 "AND NOT EXISTS (SELECT 1 FROM quarantined q WHERE q.digest = t.digest)",
                 {repository.str(), tag.str()}));
    TRY(bool const row, rows.next());
    if (!row) return tag_unknown(repository, tag);
    return manifest_of(rows);
}

Result<ManifestFact> read_manifest(SqliteDb& db, oci::RepositoryName const& repository,
                                   oci::Digest const& digest) {
    TRY(auto rows, db.query("SELECT digest, media_type, size FROM manifest "
                            "WHERE repository = (SELECT id FROM repository WHERE name = ?1) AND digest = ?2 "
                            "AND NOT EXISTS (SELECT 1 FROM quarantined q WHERE q.digest = ?2)",
                            {repository.str(), digest.str()}));
    TRY(bool const row, rows.next());
    if (!row) return manifest_unknown(repository, digest);
    return manifest_of(rows);
}

Result<bool> read_referrers(SqliteDb& db, oci::RepositoryName const& repository, oci::Digest const& subject,
                            Page const& page, ReferrerVisitor const& visit) {
    TRY(auto rows, db.query("SELECT digest, media_type, size, artifact_type, annotations FROM manifest "
                            "WHERE repository = (SELECT id FROM repository WHERE name = ?1) AND subject = ?2 "
                            "AND digest > ?3 ORDER BY digest LIMIT ?4",
                            {repository.str(), subject.str(), after(page), one_more(page)}));
    return hand_out(std::move(rows), page, visit);
}

Result<bool> read_referrers_of_type(SqliteDb& db, oci::RepositoryName const& repository,
                                    oci::Digest const& subject, std::string const& type, Page const& page,
                                    ReferrerVisitor const& visit) {
    TRY(auto rows, db.query("SELECT digest, media_type, size, artifact_type, annotations FROM manifest "
                            "WHERE repository = (SELECT id FROM repository WHERE name = ?1) AND subject = ?2 "
                            "AND artifact_type = ?3 AND digest > ?4 ORDER BY digest LIMIT ?5",
                            {repository.str(), subject.str(), type, after(page), one_more(page)}));
    return hand_out(std::move(rows), page, visit);
}

Result<std::vector<HistoryEntry>> read_history(SqliteDb& db, std::string const& repository,
                                               std::string const& tag, std::int64_t before,
                                               std::size_t count) {
    TRY(auto rows, db.query("SELECT id, changed_at, ifnull(changed_by, ''), digest FROM tag_history "
                            "WHERE repository = ?1 AND tag = ?2 AND id < ?3 ORDER BY id DESC LIMIT ?4",
                            {repository, tag, before, limit(count)}));
    std::vector<HistoryEntry> entries;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return entries;
        HistoryEntry entry{rows.integer(0), stored_time(rows, 1), rows.text(2), {}};
        if (!rows.is_null(3)) {
            TRY(entry.digest, stored_digest(rows, 3));
        }
        entries.push_back(std::move(entry));
    }
}

}  // namespace

Task<Result<Slice<std::string>>> SqliteCatalog::repositories(Page page) {
    co_return readers_.read([&](SqliteDb& db) { return read_repositories(db, page); });
}

Task<Result<Slice<std::string>>> SqliteCatalog::tags(oci::RepositoryName const& repository, Page page) {
    co_return readers_.read([&](SqliteDb& db) { return read_tags(db, repository, page); });
}

Task<Result<Slice<std::string>>> SqliteCatalog::tags_on(oci::RepositoryName const& repository,
                                                        oci::Digest const& digest, Page page) {
    co_return readers_.read([&](SqliteDb& db) { return read_tags_on(db, repository, digest, page); });
}

template <class Read>
Result<ManifestFact> SqliteCatalog::cached_or(oci::RepositoryName const& repository, FactKey const& key,
                                              Read read) {
    auto const version = writer_.versions().of(repository);
    if (auto kept = manifests_.find(key, version)) return std::move(*kept);
    auto fact = readers_.read(read);
    if (fact.has_value()) manifests_.add(key, version, *fact);
    return fact;
}

Task<Result<ManifestFact>> SqliteCatalog::resolve(oci::RepositoryName const& repository,
                                                  oci::Tag const& tag) {
    auto const read = [&](SqliteDb& db) { return read_tagged(db, repository, tag); };
    co_return cached_or(repository, FactKey(repository, tag), read);
}

Task<Result<ManifestFact>> SqliteCatalog::manifest(oci::RepositoryName const& repository,
                                                   oci::Digest const& digest) {
    auto const read = [&](SqliteDb& db) { return read_manifest(db, repository, digest); };
    co_return cached_or(repository, FactKey(repository, digest), read);
}

Task<Result<bool>> SqliteCatalog::referrers(oci::RepositoryName const& repository, oci::Digest const& subject,
                                            std::optional<std::string> type, Page page,
                                            ReferrerVisitor const& visit) {
    co_return readers_.read([&](SqliteDb& db) {
        if (type) return read_referrers_of_type(db, repository, subject, *type, page, visit);
        return read_referrers(db, repository, subject, page, visit);
    });
}

Task<Result<std::vector<HistoryEntry>>> SqliteCatalog::history(oci::RepositoryName const& repository,
                                                               oci::Tag const& tag,
                                                               std::optional<std::int64_t> before,
                                                               std::size_t limit) {
    auto const from = before.value_or(std::numeric_limits<std::int64_t>::max());
    co_return readers_.read(
        [&](SqliteDb& db) { return read_history(db, repository.str(), tag.str(), from, limit); });
}

}  // namespace ocilot::meta
