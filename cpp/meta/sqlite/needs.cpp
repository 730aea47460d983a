#include "meta/sqlite/needs.h"

#include "meta/change.h"
#include "meta/sqlite/slice.h"
#include "meta/sqlite/values.h"

#include <fmt/format.h>
#include <limits>
#include <unordered_set>

namespace ocilot::meta {

namespace {

/// The tags of each holder by one step in the index, which has their names: joined the other way round, each
/// tag would be compared with each holder. Edges of other repositories are not read.
Result<SqliteRows> query_tags_on(SqliteDb& db, oci::RepositoryName const& repository,
                                 oci::Digest const& digest, std::string_view after, std::int64_t count) {
    return db.query(
        "WITH RECURSIVE home (id) AS MATERIALIZED (SELECT id FROM repository WHERE name = ?1), "
        "holder (digest) AS (SELECT ?2 UNION SELECT m.digest FROM holder h "
        "CROSS JOIN edge e ON e.repository = (SELECT id FROM home) AND e.child = h.digest "
        "CROSS JOIN manifest m ON m.id = e.manifest) "
        "SELECT name FROM tag INDEXED BY tag_digest WHERE repository = (SELECT id FROM home) "
        "AND digest IN (SELECT digest FROM holder) AND name > ?3 ORDER BY name LIMIT ?4",
        {repository.str(), digest.str(), after, count});
}

}  // namespace

Result<Slice<std::string>> read_tags_on(SqliteDb& db, oci::RepositoryName const& repository,
                                        oci::Digest const& digest, Page const& page) {
    TRY(auto rows, query_tags_on(db, repository, digest, after(page), one_more(page)));
    return slice_of_names(std::move(rows), page);
}

Result<> require_no_other_tag(SqliteDb& db, oci::RepositoryName const& repository, oci::Digest const& digest,
                              std::vector<std::string> const& expected_tags) {
    std::unordered_set<std::string_view> const seen(expected_tags.begin(), expected_tags.end());
    TRY(auto rows, query_tags_on(db, repository, digest, "", std::numeric_limits<std::int64_t>::max()));
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return {};
        if (!seen.contains(rows.view(0))) return tag_moved(rows.view(0));
    }
}

Result<std::vector<std::string>> indexes_of(SqliteDb& db, std::int64_t repository, std::string_view digest) {
    constexpr std::int64_t named = max_changed_parents;
    TRY(auto rows,
        db.query(
            "SELECT m.digest FROM edge e CROSS JOIN manifest m ON m.id = e.manifest "
            "WHERE e.repository = ?1 AND e.child = ?2 AND e.kind = 'manifest' ORDER BY e.manifest LIMIT ?3",
            {repository, digest, named}));
    std::vector<std::string> digests;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return digests;
        digests.push_back(rows.text(0));
    }
}

Result<> require_no_manifest(SqliteDb& db, oci::RepositoryName const& repository, oci::Digest const& digest) {
    constexpr std::int64_t named = 5;
    TRY(auto rows,
        db.query("SELECT m.digest FROM edge e CROSS JOIN manifest m ON m.id = e.manifest "
                 "WHERE e.repository = (SELECT id FROM repository WHERE name = ?1) AND e.child = ?2 "
                 "ORDER BY e.manifest LIMIT ?3",
                 {repository.str(), digest.str(), named + 1}));
    Error error{Errc::unsupported,
                "the blob is referenced by a manifest of the repository; delete that first"};
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) break;
        if (std::ssize(error.subjects) == named) {
            error.message = fmt::format(
                "the blob is referenced by more than {} manifests of the repository; delete them first",
                named);
            break;
        }
        error.subjects.push_back(rows.text(0));
    }
    if (error.subjects.empty()) return {};
    return error;
}

Error tag_moved(std::string_view tag) {
    return {Errc::conflict, fmt::format("tag {} was changed concurrently; fetch it and retry", tag)};
}

}  // namespace ocilot::meta
