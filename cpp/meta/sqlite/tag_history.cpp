#include "meta/sqlite/tag_history.h"

#include "meta/sqlite/values.h"

#include <string>
#include <vector>

namespace ocilot::meta {

namespace {

struct Entry {
    std::int64_t id = 0;
    std::string repository;
    std::string tag;
    Time at{};
};

Result<std::vector<Entry>> read_entries(SqliteDb& db, std::int64_t after, std::size_t count) {
    TRY(auto rows, db.query("SELECT id, repository, tag, changed_at FROM tag_history WHERE id > ?1 "
                            "ORDER BY id LIMIT ?2",
                            {after, limit(count)}));
    std::vector<Entry> entries;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return entries;
        entries.push_back({rows.integer(0), rows.text(1), rows.text(2), stored_time(rows, 3)});
    }
}

/// Whether the tag has at least `count` later entries.
Result<bool> has_later(SqliteDb& db, Entry const& entry, std::size_t count) {
    TRY(auto rows, db.query("SELECT 1 FROM tag_history WHERE repository = ?1 AND tag = ?2 AND id > ?3 "
                            "ORDER BY id LIMIT 1 OFFSET ?4",
                            {entry.repository, entry.tag, entry.id, limit(count - 1)}));
    return rows.next();
}

Result<bool> exists(SqliteDb& db, Entry const& entry) {
    TRY(auto rows,
        db.query("SELECT 1 FROM tag WHERE repository = (SELECT id FROM repository WHERE name = ?1) "
                 "AND name = ?2",
                 {entry.repository, entry.tag}));
    return rows.next();
}

Result<bool> is_kept(SqliteDb& db, HistoryRules const& rules, Entry const& entry) {
    if (rules.per_tag > 0) {
        TRY(bool const beyond, has_later(db, entry, rules.per_tag));
        if (beyond) return false;
    }
    if (!rules.oldest || entry.at >= *rules.oldest) return true;
    TRY(bool const superseded, has_later(db, entry, 1));
    if (superseded) return false;
    return exists(db, entry);
}

}  // namespace

Result<PruneResult> prune_history(SqliteDb& db, HistoryRules const& rules, std::int64_t after,
                                  std::size_t rows) {
    TRY(auto const entries, read_entries(db, after, rows));
    PruneResult piece;
    for (auto const& entry : entries) {
        TRY(bool const kept, is_kept(db, rules, entry));
        if (kept) continue;
        CHECK(db.change("DELETE FROM tag_history WHERE id = ?1", {entry.id}));
        ++piece.removed;
    }
    if (entries.size() == rows) piece.after = entries.back().id;
    return piece;
}

}  // namespace ocilot::meta
