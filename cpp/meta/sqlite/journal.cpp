#include "meta/sqlite/journal.h"

#include "meta/sqlite/repository.h"
#include "meta/sqlite/values.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <tuple>

namespace ocilot::meta {

namespace {

constexpr auto least = std::numeric_limits<std::int64_t>::min();
constexpr auto greatest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t either = -1;  // Refused or not.

/// What one index answers in order: entries of one action, refused or not, or of any.
struct Part {
    std::string_view action;
    std::int64_t refused;
};

/// Entries from `since` on that come after (`at`, `id`).
struct Bounds {
    std::int64_t since = least;
    std::int64_t at = greatest;
    std::int64_t id = greatest;
};

/// An index and what has to be known for it.
struct Way {
    std::string_view index;
    std::string_view condition;
};

/// The index that leaves the fewest entries to be passed over.
Way way_of(JournalQuery const& query) {
    if (!query.repository.empty()) return {"journal_repository", "repository = ?5 AND repository <> ''"};
    if (!query.by.empty()) return {"journal_caller", "by_name = ?6 AND by_name <> ''"};
    return {"journal_action", "action = ?7 AND refused = ?8"};
}

std::string select_of(Way way) {
    return fmt::format(
        "SELECT id, at, action, refused, by_name, by_kind, by_address, repository, subject, detail, times "
        "FROM journal INDEXED BY {} WHERE {} AND at >= ?1 AND (at, id) < (?2, ?3) "
        "AND (?5 = '' OR repository = ?5) AND (?6 = '' OR by_name = ?6) AND (?7 = '' OR action = ?7) "
        "AND (?8 = -1 OR refused = ?8) ORDER BY at DESC, id DESC LIMIT ?4",
        way.index, way.condition);
}

JournalEntry entry_of(SqliteRows const& rows) {
    return {
        .id = rows.integer(0),
        .at = stored_time(rows, 1),
        .action = rows.text(2),
        .refused = rows.integer(3) != 0,
        .by = {.name = rows.text(4), .kind = rows.text(5), .address = rows.text(6)},
        .repository = rows.text(7),
        .subject = rows.text(8),
        .detail = rows.text(9),
        .times = static_cast<std::uint64_t>(rows.integer(10)),
    };
}

Result<> read_part(SqliteDb& db, JournalQuery const& query, Bounds const& bounds, Part const& part,
                   std::vector<JournalEntry>& entries) {
    TRY(auto rows,
        db.query(select_of(way_of(query)), {bounds.since, bounds.at, bounds.id, limit(query.limit),
                                            query.repository, query.by, part.action, part.refused}));
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return {};
        entries.push_back(entry_of(rows));
    }
}

/// The actions that begin so, each found by one step in the index: there are few, even of all.
Result<std::vector<std::string>> actions_like(SqliteDb& db, std::string const& beginning) {
    std::vector<std::string> actions;
    for (auto last = beginning;;) {
        TRY(auto rows,
            db.query("SELECT action FROM journal WHERE action > ?1 ORDER BY action LIMIT 1", {last}));
        TRY(bool const row, rows.next());
        if (!row || !rows.view(0).starts_with(beginning)) return actions;
        last = rows.text(0);
        actions.push_back(last);
    }
}

/// nullopt if nothing can come after the entry that the page starts after.
Result<std::optional<Bounds>> bounds_of(SqliteDb& db, JournalQuery const& query) {
    Bounds bounds;
    if (query.since) bounds.since = stored(*query.since);
    if (query.before) {
        TRY(auto const at, first_number(db, "SELECT at FROM journal WHERE id = ?1", {*query.before}));
        if (!at) return std::optional<Bounds>();
        bounds.at = *at;
        bounds.id = *query.before;
    }
    if (query.until && stored(*query.until) <= bounds.at) {
        bounds.at = stored(*query.until);
        bounds.id = least;
    }
    return std::optional(bounds);
}

Result<std::vector<JournalEntry>> read_entries(SqliteDb& db, JournalQuery const& query) {
    std::vector<JournalEntry> entries;
    TRY(auto const bounds, bounds_of(db, query));
    if (!bounds) return entries;
    bool const by_action = query.repository.empty() && query.by.empty();
    std::vector actions{query.action};
    if (query.action.ends_with('.') || (by_action && query.action.empty())) {
        TRY(actions, actions_like(db, query.action));
    }
    std::vector<std::int64_t> refused{either};
    if (by_action) refused = {0, 1};
    if (query.refused) refused = {*query.refused ? 1 : 0};
    for (auto const& action : actions) {
        for (auto const value : refused) {
            CHECK(read_part(db, query, *bounds, {action, value}, entries));
        }
    }
    std::ranges::sort(entries, std::greater(), [](JournalEntry const& e) { return std::tuple(e.at, e.id); });
    if (entries.size() > query.limit) entries.resize(query.limit);
    return entries;
}

Result<std::size_t> forget(SqliteDb& db, Time time, std::size_t count) {
    std::int64_t forgotten = 0;
    TRY(auto const actions, actions_like(db, ""));
    for (auto const& action : actions) {
        for (std::int64_t const refused : {0, 1}) {
            TRY(auto const removed,
                db.change("DELETE FROM journal WHERE id IN (SELECT id FROM journal INDEXED BY journal_action "
                          "WHERE action = ?1 AND refused = ?2 AND at < ?3 ORDER BY at LIMIT ?4)",
                          {action, refused, stored(time), limit(count) - forgotten}));
            forgotten += removed;
        }
    }
    return static_cast<std::size_t>(forgotten);
}

}  // namespace

Result<> write_entry(SqliteDb& db, JournalEntry const& entry) {
    CHECK(
        db.change("INSERT INTO journal (at, action, refused, by_name, by_kind, by_address, repository, "
                  "subject, detail, times) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                  {stored(entry.at), entry.action, std::int64_t{entry.refused}, entry.by.name, entry.by.kind,
                   entry.by.address, entry.repository, entry.subject, entry.detail,
                   static_cast<std::int64_t>(entry.times)}));
    return {};
}

Task<Result<>> SqliteJournal::append(std::vector<JournalEntry> entries) {
    return writer_.run(Scope::nothing(), [e = std::move(entries)](SqliteDb& db) -> Result<> {
        for (auto const& entry : e) {
            CHECK(write_entry(db, entry));
        }
        return {};
    });
}

Task<Result<std::vector<JournalEntry>>> SqliteJournal::entries(JournalQuery query) {
    co_return readers_.read([&](SqliteDb& db) { return read_entries(db, query); });
}

Task<Result<std::size_t>> SqliteJournal::forget_before(Time time, std::size_t limit) {
    return writer_.run(Scope::nothing(), [=](SqliteDb& db) { return forget(db, time, limit); });
}

}  // namespace ocilot::meta
