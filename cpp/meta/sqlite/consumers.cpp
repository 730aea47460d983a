#include "meta/sqlite/consumers.h"

#include "meta/sqlite/journal.h"
#include "meta/sqlite/repository.h"
#include "meta/sqlite/values.h"

#include <fmt/format.h>
#include <limits>

namespace ocilot::meta {

namespace {

SqliteValue stored_if(std::optional<Time> const& time) {
    return time ? SqliteValue(stored(*time)) : SqliteValue(nullptr);
}

std::optional<Time> time_if(SqliteRows const& rows, int column) {
    return rows.is_null(column) ? std::nullopt : std::optional(stored_time(rows, column));
}

std::uint64_t count_at(SqliteRows const& rows, int column) {
    return static_cast<std::uint64_t>(rows.integer(column));
}

Consumer consumer_of(SqliteRows const& rows) {
    return {.name = rows.text(0),
            .place = rows.integer(1),
            .state = {.failures = count_at(rows, 2),
                      .failing_since = time_if(rows, 3),
                      .next_attempt = time_if(rows, 4),
                      .last_error = rows.text(5),
                      .last_success_at = time_if(rows, 6)},
            .waiting = count_at(rows, 7),
            .parked = count_at(rows, 8),
            .behind = count_at(rows, 9),
            .behind_since = time_if(rows, 10)};
}

/// Those with greater names than `after`, or the one that is named so.
Result<std::vector<Consumer>> read_consumers(SqliteDb& db, std::string_view after, std::string_view only) {
    TRY(auto rows,
        db.query("SELECT c.name, c.place, c.failures, c.failing_since, c.next_attempt, c.last_error, "
                 "c.last_success_at, "
                 "(SELECT count(*) FROM held_change h WHERE h.consumer = c.name AND h.parked = 0), "
                 "(SELECT count(*) FROM held_change h WHERE h.consumer = c.name AND h.parked = 1), "
                 "max(0, coalesce((SELECT id FROM journal WHERE id > c.place ORDER BY id DESC LIMIT 1), 0) "
                 "- c.place), "
                 "(SELECT at FROM journal WHERE id > c.place ORDER BY id LIMIT 1) "
                 "FROM consumer c WHERE c.name > ?1 AND (?2 = '' OR c.name = ?2) ORDER BY c.name",
                 {after, only}));
    std::vector<Consumer> consumers;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return consumers;
        consumers.push_back(consumer_of(rows));
    }
}

Result<Consumer> join_in(SqliteDb& db, std::string const& name) {
    CHECK(
        db.change("INSERT INTO consumer (name, place) SELECT ?1, "
                  "coalesce((SELECT id FROM journal WHERE id > 0 ORDER BY id DESC LIMIT 1), 0) "
                  "WHERE true ON CONFLICT DO NOTHING",
                  {name}));
    TRY(auto found, read_consumers(db, "", name));
    if (found.empty()) return damaged("consumer");
    return std::move(found.front());
}

Result<> forget_consumer(SqliteDb& db, std::string const& name) {
    CHECK(db.change("DELETE FROM held_change WHERE consumer = ?1", {name}));
    CHECK(db.change("DELETE FROM consumer WHERE name = ?1", {name}));
    return {};
}

Result<> move_place(SqliteDb& db, ConsumerStep const& step) {
    auto const& state = step.state;
    TRY(auto const moved,
        db.change("UPDATE consumer SET place = ?3, failures = ?4, failing_since = ?5, next_attempt = ?6, "
                  "last_error = ?7, last_success_at = ?8 WHERE name = ?1 AND place = ?2",
                  {step.name, step.from, step.to, static_cast<std::int64_t>(state.failures),
                   stored_if(state.failing_since), stored_if(state.next_attempt), state.last_error,
                   stored_if(state.last_success_at)}));
    if (moved > 0) return {};
    return Error{Errc::conflict,
                 fmt::format("consumer {} has moved from change {}: another process works for it", step.name,
                             step.from)};
}

/// A copy of the journal's row, unless there is one; none of a change that the journal has not any more.
Result<> hold_change(SqliteDb& db, ConsumerStep const& step, HeldNote const& note) {
    auto const attempts = static_cast<std::int64_t>(note.attempts);
    TRY(auto const known,
        db.change("UPDATE held_change SET parked = ?3, attempts = ?4, next_attempt = ?5, error = ?6, "
                  "since = CASE WHEN parked = ?3 THEN since ELSE ?7 END WHERE consumer = ?1 AND id = ?2",
                  {step.name, note.id, std::int64_t{note.parked}, attempts, stored(note.next_attempt),
                   note.error, stored(step.now)}));
    if (known > 0) return {};
    CHECK(
        db.change("INSERT INTO held_change (consumer, id, parked, attempts, since, next_attempt, error, at, "
                  "action, refused, by_name, by_kind, by_address, request, repository, subject, detail, "
                  "media_type, size, times, details) "
                  "SELECT ?1, id, ?3, ?4, ?7, ?5, ?6, at, action, refused, by_name, by_kind, by_address, "
                  "request, repository, subject, detail, media_type, size, times, details "
                  "FROM journal WHERE id = ?2",
                  {step.name, note.id, std::int64_t{note.parked}, attempts, stored(note.next_attempt),
                   note.error, stored(step.now)}));
    return {};
}

Result<> make_step(SqliteDb& db, ConsumerStep const& step) {
    CHECK(move_place(db, step));
    for (auto const& note : step.hold) {
        CHECK(hold_change(db, step, note));
    }
    for (auto const id : step.release) {
        CHECK(db.change("DELETE FROM held_change WHERE consumer = ?1 AND id = ?2 AND parked = 0",
                        {step.name, id}));
    }
    return {};
}

Result<HeldPage> read_held(SqliteDb& db, std::string const& name, bool parked, std::int64_t after,
                           std::size_t count) {
    TRY(auto rows, db.query("SELECT id, at, action, refused, by_name, by_kind, by_address, request, "
                            "repository, subject, detail, media_type, size, times, details, attempts, since, "
                            "next_attempt, error, replay FROM held_change "
                            "WHERE consumer = ?1 AND parked = ?2 AND id > ?3 ORDER BY id LIMIT ?4",
                            {name, std::int64_t{parked}, after, limit(count)}));
    HeldPage page;
    for (std::size_t bytes = 0; bytes < enough_change_bytes;) {
        TRY(bool const row, rows.next());
        if (!row) {
            page.more = page.items.size() == count;
            return page;
        }
        bytes += size_of_change(rows);
        TRY(auto change, stored_change(rows));
        page.items.push_back({.change = std::move(change),
                              .attempts = count_at(rows, 15),
                              .since = stored_time(rows, 16),
                              .next_attempt = stored_time(rows, 17),
                              .error = rows.text(18),
                              .replay = rows.integer(19) != 0});
    }
    page.more = true;
    return page;
}

/// Ids from the first to the second, both included.
std::pair<std::int64_t, std::int64_t> range_of(std::optional<std::int64_t> id) {
    if (id) return {*id, *id};
    return {0, std::numeric_limits<std::int64_t>::max()};
}

Result<std::size_t> replay_parked(SqliteDb& db, std::string const& name, std::optional<std::int64_t> id,
                                  Time now) {
    auto const [first, last] = range_of(id);
    TRY(auto const count,
        db.change("UPDATE held_change SET parked = 0, replay = 1, attempts = 0, next_attempt = ?4, "
                  "since = ?4 WHERE consumer = ?1 AND parked = 1 AND id BETWEEN ?2 AND ?3",
                  {name, first, last, stored(now)}));
    return static_cast<std::size_t>(count);
}

Result<std::size_t> discard_parked(SqliteDb& db, std::string const& name, std::optional<std::int64_t> id) {
    auto const [first, last] = range_of(id);
    TRY(auto const count,
        db.change("DELETE FROM held_change WHERE consumer = ?1 AND parked = 1 AND id BETWEEN ?2 AND ?3",
                  {name, first, last}));
    return static_cast<std::size_t>(count);
}

Result<std::size_t> expire_parked(SqliteDb& db, Time time, std::size_t count) {
    TRY(auto const removed,
        db.change("DELETE FROM held_change WHERE (consumer, id) IN (SELECT consumer, id FROM held_change "
                  "INDEXED BY held_change_age WHERE parked = 1 AND since < ?1 ORDER BY since LIMIT ?2)",
                  {stored(time), limit(count)}));
    return static_cast<std::size_t>(removed);
}

Result<std::optional<std::int64_t>> least_place(SqliteDb& db) {
    TRY(auto rows, db.query("SELECT min(place) FROM consumer WHERE name > ''"));
    TRY(bool const row, rows.next());
    if (!row || rows.is_null(0)) return std::optional<std::int64_t>();
    return std::optional(rows.integer(0));
}

}  // namespace

Task<Result<Consumer>> SqliteConsumers::join(std::string name) {
    return writer_.run(ChangeScope::nothing(),
                       [n = std::move(name)](SqliteDb& db) { return join_in(db, n); });
}

Task<Result<std::vector<Consumer>>> SqliteConsumers::list() {
    co_return readers_.read([](SqliteDb& db) { return read_consumers(db, "", ""); });
}

Task<Result<>> SqliteConsumers::remove(std::string name) {
    return writer_.run(ChangeScope::nothing(),
                       [n = std::move(name)](SqliteDb& db) { return forget_consumer(db, n); });
}

Task<Result<>> SqliteConsumers::advance(ConsumerStep step) {
    return writer_.run(ChangeScope::nothing(),
                       [s = std::move(step)](SqliteDb& db) { return make_step(db, s); });
}

Task<Result<HeldPage>> SqliteConsumers::waiting(std::string name, std::int64_t after, std::size_t limit) {
    co_return readers_.read([&](SqliteDb& db) { return read_held(db, name, false, after, limit); });
}

Task<Result<HeldPage>> SqliteConsumers::parked(std::string name, std::int64_t after, std::size_t limit) {
    co_return readers_.read([&](SqliteDb& db) { return read_held(db, name, true, after, limit); });
}

Task<Result<std::size_t>> SqliteConsumers::replay(std::string name, std::optional<std::int64_t> id,
                                                  Time now) {
    return writer_.run(ChangeScope::nothing(), [n = std::move(name), id, now](SqliteDb& db) {
        return replay_parked(db, n, id, now);
    });
}

Task<Result<std::size_t>> SqliteConsumers::discard(std::string name, std::optional<std::int64_t> id) {
    return writer_.run(ChangeScope::nothing(),
                       [n = std::move(name), id](SqliteDb& db) { return discard_parked(db, n, id); });
}

Task<Result<std::size_t>> SqliteConsumers::expire(Time time, std::size_t limit) {
    return writer_.run(ChangeScope::nothing(), [=](SqliteDb& db) { return expire_parked(db, time, limit); });
}

Task<Result<std::optional<std::int64_t>>> SqliteConsumers::slowest() {
    co_return readers_.read(least_place);
}

}  // namespace ocilot::meta
