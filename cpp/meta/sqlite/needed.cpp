#include "meta/sqlite/needed.h"

#include "meta/sqlite/pins.h"
#include "meta/sqlite/repository.h"

namespace ocilot::meta {

namespace {

/// What condemned manifests hold until they are purged: all of it comes back with them.
Result<bool> is_held_by_condemned(SqliteDb& db, std::int64_t repository, std::string_view digest) {
    TRY(auto const found,
        first_number(db,
                     "SELECT 1 FROM edge e CROSS JOIN removed_manifest r ON r.live_id = e.manifest "
                     "WHERE e.repository = ?1 AND e.child = ?2",
                     {repository, digest}));
    return found.has_value();
}

/// The same for those that a client deleted.
Result<bool> is_held_by_removed(SqliteDb& db, std::string_view name, std::string_view digest) {
    TRY(auto const found,
        first_number(db, "SELECT 1 FROM removed_edge WHERE repository = ?1 AND child = ?2", {name, digest}));
    return found.has_value();
}

Result<bool> is_subject_removed(SqliteDb& db, std::int64_t repository, std::string_view name,
                                std::string_view digest) {
    TRY(auto const found,
        first_number(db,
                     "SELECT 1 FROM manifest m CROSS JOIN removed_manifest r ON r.repository = ?2 "
                     "AND r.digest = m.subject WHERE m.repository = ?1 AND m.digest = ?3",
                     {repository, name, digest}));
    return found.has_value();
}

/// All that stands above a manifest: those that name it and its subject, and what stands above these.
struct Above {
    bool any = false;
    bool tagged = false;  ///< one of them has a tag, or is pinned
    bool cycle = false;   ///< the manifest itself is among them
};

Result<Above> above(SqliteDb& db, std::int64_t repository, std::string_view name, std::string_view digest) {
    TRY(auto rows,
        db.query("WITH RECURSIVE holder (digest, step) AS (SELECT ?2, 0 "
                 "UNION SELECT m.digest, 1 FROM holder h CROSS JOIN edge e ON e.repository = ?1 "
                 "AND e.child = h.digest CROSS JOIN manifest m ON m.id = e.manifest "
                 "UNION SELECT s.digest, 1 FROM holder h CROSS JOIN manifest m ON m.repository = ?1 "
                 "AND m.digest = h.digest CROSS JOIN manifest s ON s.repository = ?1 "
                 "AND s.digest = m.subject) "
                 "SELECT EXISTS (SELECT 1 FROM tag WHERE repository = ?1 AND digest = holder.digest) "
                 "OR EXISTS (SELECT 1 FROM pin WHERE repository = ?3 AND digest = holder.digest), "
                 "holder.digest = ?2 FROM holder WHERE step = 1",
                 {repository, digest, name}));
    Above found;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return found;
        found.any = true;
        found.cycle = found.cycle || rows.integer(1) != 0;
        found.tagged = rows.integer(0) != 0;
        if (found.tagged) return found;
    }
}

}  // namespace

Result<bool> is_manifest_needed(SqliteDb& db, std::int64_t repository, std::string_view name,
                                std::string_view digest) {
    TRY(auto const tag,
        first_number(db, "SELECT 1 FROM tag WHERE repository = ?1 AND digest = ?2", {repository, digest}));
    if (tag) return true;
    TRY(bool const pinned, is_pinned(db, name, digest));
    if (pinned) return true;
    TRY(bool const condemned, is_held_by_condemned(db, repository, digest));
    if (condemned) return true;
    TRY(bool const named, is_held_by_removed(db, name, digest));
    if (named) return true;
    TRY(bool const of_removed, is_subject_removed(db, repository, name, digest));
    if (of_removed) return true;
    TRY(auto const holders, above(db, repository, name, digest));
    // Where no tag is above it, what is above it goes first, and makes it a candidate again; in a cycle
    // nothing goes first.
    return holders.any && (holders.tagged || !holders.cycle);
}

Result<bool> is_link_needed(SqliteDb& db, std::int64_t repository, std::string_view name,
                            std::string_view digest) {
    TRY(auto const named,
        first_number(db, "SELECT 1 FROM edge WHERE repository = ?1 AND child = ?2", {repository, digest}));
    if (named) return true;
    return is_held_by_removed(db, name, digest);
}

Result<bool> is_there(SqliteDb& db, std::optional<std::int64_t> repository, std::string_view digest) {
    if (!repository) return false;
    TRY(auto const found,
        first_number(db,
                     "SELECT EXISTS (SELECT 1 FROM link WHERE repository = ?1 AND digest = ?2) "
                     "OR EXISTS (SELECT 1 FROM manifest WHERE repository = ?1 AND digest = ?2)",
                     {*repository, digest}));
    return found.value_or(0) != 0;
}

Result<bool> is_removed(SqliteDb& db, std::string_view name, std::string_view digest) {
    TRY(auto const found,
        first_number(db,
                     "SELECT EXISTS (SELECT 1 FROM removed_manifest WHERE repository = ?1 AND digest = ?2) "
                     "OR EXISTS (SELECT 1 FROM removed_link WHERE repository = ?1 AND digest = ?2)",
                     {name, digest}));
    return found.value_or(0) != 0;
}

Result<bool> is_held(SqliteDb& db, std::string_view digest) {
    TRY(auto const found, first_number(db,
                                       "SELECT EXISTS (SELECT 1 FROM link WHERE digest = ?1) "
                                       "OR EXISTS (SELECT 1 FROM manifest WHERE digest = ?1) "
                                       "OR EXISTS (SELECT 1 FROM removed_link WHERE digest = ?1) "
                                       "OR EXISTS (SELECT 1 FROM removed_manifest WHERE digest = ?1)",
                                       {digest}));
    return found.value_or(1) != 0;
}

}  // namespace ocilot::meta
