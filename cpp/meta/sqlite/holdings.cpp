#include "meta/sqlite/holdings.h"

#include "meta/sqlite/needed.h"
#include "meta/sqlite/review_queue.h"
#include "meta/sqlite/values.h"

#include <array>
#include <string>
#include <utility>

namespace ocilot::meta {

namespace {

/// Content of one repository.
struct Content {
    std::int64_t repository = 0;
    std::string name;
    std::string digest;
};

Result<std::optional<std::string>> first_text(SqliteDb& db, std::string_view sql, Content const& content) {
    TRY(auto rows, db.query(sql, {content.repository, content.name, content.digest}));
    TRY(bool const row, rows.next());
    if (!row) return std::optional<std::string>();
    return std::optional(rows.text(0));
}

// Each has ?1 the repository, ?2 its name and ?3 the digest.
constexpr std::string_view tag_on =
    "SELECT name FROM tag WHERE repository = ?1 AND digest = ?3 AND ?2 <> '' ORDER BY name LIMIT 1";
constexpr std::string_view pinned = "SELECT '' FROM pin WHERE repository = ?2 AND digest = ?3 AND ?1 <> 0";
constexpr std::string_view manifest_naming =
    "SELECT m.digest FROM edge e CROSS JOIN manifest m ON m.id = e.manifest WHERE e.repository = ?1 "
    "AND e.child = ?3 AND ?2 <> '' LIMIT 1";
constexpr std::string_view subject_there =
    "SELECT s.digest FROM manifest m CROSS JOIN manifest s ON s.repository = ?1 AND s.digest = m.subject "
    "WHERE m.repository = ?1 AND m.digest = ?3 AND ?2 <> ''";
constexpr std::string_view removed_manifest_naming =
    "SELECT m.digest FROM removed_edge e CROSS JOIN removed_manifest m ON m.id = e.manifest "
    "WHERE e.repository = ?2 AND e.child = ?3 AND ?1 >= 0 LIMIT 1";
constexpr std::string_view condemned_manifest_naming =
    "SELECT m.digest FROM edge e CROSS JOIN removed_manifest m ON m.live_id = e.manifest "
    "WHERE e.repository = ?1 AND e.child = ?3 AND ?2 <> '' LIMIT 1";
constexpr std::string_view removed_subject_of =
    "SELECT s.digest FROM manifest m CROSS JOIN removed_manifest s ON s.repository = ?2 "
    "AND s.digest = m.subject WHERE m.repository = ?1 AND m.digest = ?3";

using Reason = std::pair<HeldBy, std::string_view>;
constexpr std::array<Reason, 7> reasons_of_manifests{{{HeldBy::tag, tag_on},
                                                      {HeldBy::list, pinned},
                                                      {HeldBy::manifest, manifest_naming},
                                                      {HeldBy::subject, subject_there},
                                                      {HeldBy::removed_manifest, removed_manifest_naming},
                                                      {HeldBy::removed_manifest, condemned_manifest_naming},
                                                      {HeldBy::removed_subject, removed_subject_of}}};
constexpr std::array<Reason, 3> reasons_of_blobs{{{HeldBy::manifest, manifest_naming},
                                                  {HeldBy::removed_manifest, removed_manifest_naming},
                                                  {HeldBy::removed_manifest, condemned_manifest_naming}}};

/// The first reason that there is.
template <class Reasons>
Result<> find_reason(SqliteDb& db, Content const& content, Reasons const& reasons, Holding& holding) {
    for (auto const& [held_by, sql] : reasons) {
        TRY(auto const holder, first_text(db, sql, content));
        if (!holder) continue;
        holding.held_by = held_by;
        holding.holder = *holder;
        return {};
    }
    return {};
}

Result<> add_queued(SqliteDb& db, oci::Digest const& digest, Holding& holding) {
    TRY(holding.queued, find_candidate(db, holding.repository, digest));
    return {};
}

Result<std::vector<Content>> contents(SqliteDb& db, std::string_view sql, std::string const& digest,
                                      std::size_t count) {
    TRY(auto rows, db.query(sql, {digest, limit(count)}));
    std::vector<Content> found;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return found;
        found.push_back({rows.integer(0), rows.text(1), digest});
    }
}

Result<Holding> manifest_holding(SqliteDb& db, Content const& content) {
    Holding holding{.repository = content.name, .kind = ContentKind::manifest};
    TRY(bool const needed, is_manifest_needed(db, content.repository, content.name, content.digest));
    // Manifests that name each other do not hold each other.
    if (!needed) return holding;
    CHECK(find_reason(db, content, reasons_of_manifests, holding));
    return holding;
}

Result<Holding> blob_holding(SqliteDb& db, Content const& content) {
    Holding holding{.repository = content.name, .kind = ContentKind::blob};
    CHECK(find_reason(db, content, reasons_of_blobs, holding));
    return holding;
}

Result<> add_removed(SqliteDb& db, std::string_view sql, ContentKind kind, std::string const& digest,
                     std::size_t count, std::vector<Holding>& found) {
    TRY(auto rows, db.query(sql, {digest, limit(count)}));
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return {};
        found.push_back({.repository = rows.text(0), .kind = kind, .removed_at = stored_time(rows, 1)});
    }
}

}  // namespace

Result<Holding> holding_of_manifest(SqliteDb& db, std::int64_t id, oci::RepositoryName const& repository,
                                    oci::Digest const& digest) {
    return manifest_holding(db, {id, repository.str(), digest.str()});
}

Result<Holding> holding_of_removed(SqliteDb& db, std::int64_t id, oci::RepositoryName const& repository,
                                   oci::Digest const& digest) {
    Holding holding{.repository = repository.str(), .kind = ContentKind::manifest};
    constexpr std::array<Reason, 2> reasons{{{HeldBy::removed_manifest, removed_manifest_naming},
                                             {HeldBy::removed_manifest, condemned_manifest_naming}}};
    CHECK(find_reason(db, {id, repository.str(), digest.str()}, reasons, holding));
    return holding;
}

Result<std::vector<Holding>> read_holdings(SqliteDb& db, oci::Digest const& digest, std::size_t count) {
    auto const text = digest.str();
    std::vector<Holding> found;
    TRY(auto const manifests, contents(db,
                                       "SELECT m.repository, r.name FROM manifest m CROSS JOIN repository r "
                                       "ON r.id = m.repository WHERE m.digest = ?1 LIMIT ?2",
                                       text, count));
    for (auto const& content : manifests) {
        TRY(auto holding, manifest_holding(db, content));
        found.push_back(std::move(holding));
    }
    TRY(auto const links,
        contents(db,
                 "SELECT l.repository, r.name FROM link l CROSS JOIN repository r ON r.id = l.repository "
                 "WHERE l.digest = ?1 LIMIT ?2",
                 text, count));
    for (auto const& content : links) {
        TRY(auto holding, blob_holding(db, content));
        found.push_back(std::move(holding));
    }
    CHECK(add_removed(db, "SELECT repository, removed_at FROM removed_manifest WHERE digest = ?1 LIMIT ?2",
                      ContentKind::manifest, text, count, found));
    CHECK(add_removed(db, "SELECT repository, removed_at FROM removed_link WHERE digest = ?1 LIMIT ?2",
                      ContentKind::blob, text, count, found));
    for (auto& holding : found) {
        CHECK(add_queued(db, digest, holding));
    }
    return found;
}

}  // namespace ocilot::meta
