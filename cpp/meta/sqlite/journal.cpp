#include "meta/sqlite/journal.h"

#include "meta/change_details.h"
#include "meta/change_text.h"
#include "meta/sqlite/repository.h"
#include "meta/sqlite/values.h"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <limits>
#include <set>

namespace ocilot::meta {

namespace {

constexpr auto least = std::numeric_limits<std::int64_t>::min();
constexpr auto greatest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t either = -1;  // Refused or not.

/// What one index answers in order: changes of one action, refused or not, or of any.
struct Part {
    std::string_view action;
    std::int64_t refused;
};

/// Changes from `since` on that come after (`at`, `id`).
struct Bounds {
    std::int64_t since = least;
    std::int64_t at = greatest;
    std::int64_t id = greatest;
};

constexpr std::string_view by_action = "journal_action";

/// An index and what has to be known for it.
struct Way {
    std::string_view index;
    std::string_view condition;
};

/// The index that leaves the fewest changes to be passed over.
Way way_of(JournalQuery const& query) {
    if (!query.repository.empty()) return {"journal_repository", "repository = ?5 AND repository <> ''"};
    if (!query.by.empty()) return {"journal_caller", "by_name = ?6 AND by_name <> ''"};
    return {by_action, "action = ?7 AND refused = ?8"};
}

// What change_of reads.
constexpr std::string_view columns =
    "SELECT id, at, action, refused, by_name, by_kind, by_address, request, repository, subject, detail, "
    "media_type, size, times, details FROM journal";

/// Where a change is in the order of the journal. The rows themselves are read when it is known which of them
/// are wanted.
struct Position {
    std::int64_t at;
    std::int64_t id;
    auto operator<=>(Position const&) const = default;
};

constexpr std::string_view positions_in = "SELECT at, id FROM journal INDEXED BY";

/// What the query names is in the condition of its index, so that the index alone answers where it can.
std::string select_of(Way way, JournalQuery const& query) {
    bool const both = !query.repository.empty() && !query.by.empty();
    return fmt::format(
        "{} {} WHERE {} AND at >= ?1 AND (at, id) < (?2, ?3) {}{}ORDER BY at DESC, id DESC LIMIT ?4",
        positions_in, way.index, way.condition, both ? "AND by_name = ?6 " : "",
        way.index == by_action
            ? ""
            : "AND (action = ?7 OR (?7 = '' AND action <> 'manifest.pull')) AND (?8 = -1 OR refused = ?8) ");
}

/// What the column `subject` holds, where the kind of change has it.
void set_subject(Change& change, std::string subject) {
    switch (change.kind) {
        case ChangeKind::tag_move:
        case ChangeKind::tag_delete:
        case ChangeKind::tag_restore:
            change.details.tags = {{std::move(subject)}};
            break;
        case ChangeKind::manifest_push:
        case ChangeKind::manifest_delete:
        case ChangeKind::manifest_restore:
        case ChangeKind::manifest_collect:
        case ChangeKind::manifest_purge:
        case ChangeKind::manifest_pull:
        case ChangeKind::blob_push:
        case ChangeKind::blob_mount:
        case ChangeKind::blob_delete:
        case ChangeKind::blob_restore:
            change.digest = std::move(subject);
            break;
        default:
            change.name = std::move(subject);
    }
}

Result<Change> change_of(SqliteRows const& rows) {
    Change change{
        .id = rows.integer(0),
        .at = stored_time(rows, 1),
        .kind = parse_change_kind(rows.view(2)),
        .refused = rows.integer(3) != 0,
        .by = {.name = rows.text(4), .kind = rows.text(5), .address = rows.text(6), .request = rows.text(7)},
        .repository = rows.text(8),
        .media_type = rows.text(11),
        .text = rows.text(10),
        .times = static_cast<std::uint64_t>(rows.integer(13)),
    };
    set_subject(change, rows.text(9));
    if (!rows.is_null(12)) change.size = static_cast<std::uint64_t>(rows.integer(12));
    CHECK(details_from_json(rows.view(14), change));
    return change;
}

Result<> read_part(SqliteDb& db, JournalQuery const& query, Bounds const& bounds, Part const& part,
                   std::vector<Position>& positions) {
    auto const one_more = std::max(limit(query.limit), limit(query.limit + 1));
    TRY(auto rows,
        db.query(select_of(way_of(query), query), {bounds.since, bounds.at, bounds.id, one_more,
                                                   query.repository, query.by, part.action, part.refused}));
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return {};
        positions.push_back({rows.integer(0), rows.integer(1)});
    }
}

/// The youngest, one more than are wanted.
void keep_youngest(std::vector<Position>& positions, std::size_t wanted, Bounds& bounds) {
    std::ranges::sort(positions, std::greater());
    if (positions.size() <= wanted) return;
    positions.resize(wanted + 1);
    bounds.since = std::max(bounds.since, positions.back().at);  // Older ones would be too many.
}

/// nullopt if it was forgotten since its position was read.
Result<std::optional<Change>> read_change(SqliteDb& db, std::int64_t id, std::size_t& bytes) {
    static auto const sql = fmt::format("{} WHERE id = ?1", columns);
    TRY(auto rows, db.query(sql, {id}));
    TRY(bool const row, rows.next());
    if (!row) return std::optional<Change>();
    bytes += size_of_change(rows);
    TRY(auto change, change_of(rows));
    return std::optional(std::move(change));
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

Result<std::vector<Position>> positions_of(SqliteDb& db, JournalQuery const& query) {
    std::vector<Position> positions;
    TRY(auto bounds, bounds_of(db, query));
    if (!bounds) return positions;
    bool const only_action = query.repository.empty() && query.by.empty();
    std::vector actions{query.action};
    if (query.action.ends_with('.') || (only_action && query.action.empty())) {
        TRY(actions, actions_like(db, query.action));
    }
    if (query.action.empty()) std::erase(actions, to_string(ChangeKind::manifest_pull));
    std::vector<std::int64_t> refused{either};
    if (only_action) refused = {0, 1};
    if (query.refused) refused = {*query.refused ? 1 : 0};
    for (auto const& action : actions) {
        for (auto const value : refused) {
            CHECK(read_part(db, query, *bounds, {action, value}, positions));
            keep_youngest(positions, query.limit, *bounds);
        }
    }
    return positions;
}

Result<ChangePage> read_entries(SqliteDb& db, JournalQuery const& query) {
    TRY(auto const positions, positions_of(db, query));
    ChangePage page;
    std::size_t bytes = 0;
    for (auto const& position : positions) {
        page.more = page.items.size() == query.limit || bytes >= enough_change_bytes;
        if (page.more) return page;
        TRY(auto change, read_change(db, position.id, bytes));
        if (change) page.items.push_back(std::move(*change));
    }
    return page;
}

Result<ChangePage> read_after(SqliteDb& db, std::int64_t id, std::size_t count) {
    static auto const sql = fmt::format("{} WHERE id > ?1 ORDER BY id LIMIT ?2", columns);
    TRY(auto rows, db.query(sql, {id, limit(count)}));
    ChangePage page;
    for (std::size_t bytes = 0; bytes < enough_change_bytes;) {
        TRY(bool const row, rows.next());
        if (!row) {
            page.more = page.items.size() == count;
            return page;
        }
        bytes += size_of_change(rows);
        TRY(auto change, change_of(rows));
        page.items.push_back(std::move(change));
    }
    page.more = true;
    return page;
}

/// Only their names are read, and no index has them in the order of ids.
Result<std::vector<std::string>> read_repositories(SqliteDb& db, std::int64_t id, std::int64_t through) {
    TRY(auto rows, db.query("SELECT repository FROM journal NOT INDEXED "
                            "WHERE id > ?1 AND id <= ?2 AND refused = 0 AND repository <> ''",
                            {id, through}));
    std::set<std::string, std::less<>> names;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return std::vector<std::string>(names.begin(), names.end());
        if (!names.contains(rows.view(0))) names.insert(rows.text(0));
    }
}

Result<std::int64_t> read_last(SqliteDb& db) {
    TRY(auto const id, first_number(db, "SELECT id FROM journal WHERE id > 0 ORDER BY id DESC LIMIT 1", {}));
    return id.value_or(0);
}

/// All but the last: SQLite gives ids anew where there is none greater.
Result<std::size_t> forget(SqliteDb& db, Time time, std::int64_t through, std::size_t count) {
    std::int64_t forgotten = 0;
    TRY(auto const last, read_last(db));
    TRY(auto const actions, actions_like(db, ""));
    for (auto const& action : actions) {
        for (std::int64_t const refused : {0, 1}) {
            TRY(auto const removed,
                db.change("DELETE FROM journal WHERE id IN (SELECT id FROM journal INDEXED BY journal_action "
                          "WHERE action = ?1 AND refused = ?2 AND at < ?3 AND id <> ?5 AND id <= ?6 "
                          "ORDER BY at LIMIT ?4)",
                          {action, refused, stored(time), limit(count) - forgotten, last, through}));
            forgotten += removed;
        }
    }
    return static_cast<std::size_t>(forgotten);
}

}  // namespace

Result<Change> stored_change(SqliteRows const& rows) {
    return change_of(rows);
}

std::size_t size_of_change(SqliteRows const& rows) {
    std::size_t bytes = 0;
    for (int const column : {4, 5, 6, 7, 8, 9, 10, 11, 14}) bytes += rows.view(column).size();
    return bytes;
}

Result<> write_change(SqliteDb& db, Change const& change, Actor const& by) {
    auto const details = details_to_json(change, by);
    auto const size = change.size ? SqliteValue(static_cast<std::int64_t>(*change.size)) : nullptr;
    bool const plain = !change.refused && change.times == 1 && change.text.empty();
    if (plain) {  // With every push: what is the same in all of them is not bound.
        CHECK(db.change(
            "INSERT INTO journal (at, action, refused, by_name, by_kind, by_address, request, repository, "
            "subject, detail, media_type, size, times, details) "
            "VALUES (?1, ?2, 0, ?3, ?4, ?5, ?6, ?7, ?8, '', ?9, ?10, 1, ?11)",
            {stored(change.at), to_string(change.kind), by.name, by.kind, by.address, by.request,
             change.repository, subject_of(change), change.media_type, size, details}));
        return {};
    }
    CHECK(db.change(
        "INSERT INTO journal (at, action, refused, by_name, by_kind, by_address, request, repository, "
        "subject, detail, media_type, size, times, details) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        {stored(change.at), to_string(change.kind), std::int64_t{change.refused}, by.name, by.kind,
         by.address, by.request, change.repository, subject_of(change), change.text, change.media_type, size,
         static_cast<std::int64_t>(change.times), details}));
    return {};
}

Task<Result<>> SqliteJournal::append(std::vector<Change> changes) {
    return writer_.run(ChangeScope::nothing(), [all = std::move(changes)](SqliteDb& db) -> Result<> {
        for (auto const& change : all) {
            CHECK(write_change(db, change));
        }
        return {};
    });
}

Task<Result<ChangePage>> SqliteJournal::entries(JournalQuery query) {
    co_return readers_.read([&](SqliteDb& db) { return read_entries(db, query); });
}

Task<Result<ChangePage>> SqliteJournal::after(std::int64_t id, std::size_t limit) {
    co_return readers_.read([=](SqliteDb& db) { return read_after(db, id, limit); });
}

Task<Result<std::vector<std::string>>> SqliteJournal::repositories_after(std::int64_t id,
                                                                         std::int64_t through) {
    co_return readers_.read([=](SqliteDb& db) { return read_repositories(db, id, through); });
}

Task<Result<std::int64_t>> SqliteJournal::last() {
    co_return readers_.read(read_last);
}

Task<Result<std::size_t>> SqliteJournal::prune_before(Time time, std::int64_t through, std::size_t limit) {
    return writer_.run(ChangeScope::nothing(),
                       [=](SqliteDb& db) { return forget(db, time, through, limit); });
}

}  // namespace ocilot::meta
