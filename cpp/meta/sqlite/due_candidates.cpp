#include "meta/sqlite/due_candidates.h"

#include "meta/sqlite/review_queue.h"
#include "meta/sqlite/values.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <utility>

namespace ocilot::meta {

namespace {

/// Files side by side in a store by digests are in one directory, where removals happen one after the other.
/// So of many candidates those of several ranges are mixed; of each so many that are side by side, as rows
/// that are on the same pages cost less.
constexpr std::array<std::string_view, 17> bounds{"",         "sha256:1", "sha256:2", "sha256:3", "sha256:4",
                                                  "sha256:5", "sha256:6", "sha256:7", "sha256:8", "sha256:9",
                                                  "sha256:a", "sha256:b", "sha256:c", "sha256:d", "sha256:e",
                                                  "sha256:f", "~"};
constexpr std::size_t ranges = bounds.size() - 1;
constexpr std::size_t side_by_side = 16;
constexpr std::size_t many = 1'024;

/// Repository, digest and time of rows.
Result<> add_rows(SqliteRows rows, bool fresh, bool purged, std::vector<Candidate>& found) {
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return {};
        TRY(auto const digest, stored_digest(rows, 1));
        found.push_back({rows.text(0), digest, stored_time(rows, 2), fresh, purged});
    }
}

/// Some of each range in turn.
std::vector<Candidate> mixed(std::array<std::vector<Candidate>, ranges> parts) {
    std::vector<Candidate> all;
    for (std::size_t at = 0;; at += side_by_side) {
        auto const before = all.size();
        for (auto& part : parts) {
            auto const from = std::min(at, part.size());
            auto const to = std::min(at + side_by_side, part.size());
            std::move(part.begin() + std::ptrdiff_t(from), part.begin() + std::ptrdiff_t(to),
                      std::back_inserter(all));
        }
        if (all.size() == before) return all;
    }
}

/// Those of `released_at` to the minute.
Result<std::vector<Candidate>> mixed_waiting(SqliteDb& db, Candidate const& like, QueueKind kind, Time before,
                                             std::size_t count) {
    std::array<std::vector<Candidate>, ranges> parts;
    for (std::size_t i = 0; i < ranges; ++i) {
        TRY(auto rows,
            db.query("SELECT repository, digest, released_at FROM review WHERE fresh = ?1 "
                     "AND released_at / 60000000 = ?2 / 60000000 AND repository = ?3 AND digest >= ?4 "
                     "AND digest < ?5 AND released_at <= ?6 ORDER BY digest LIMIT ?7",
                     {static_cast<std::int64_t>(kind), stored(like.released_at), like.repository, bounds[i],
                      bounds[i + 1], stored(before), limit(count / ranges)}));
        CHECK(add_rows(std::move(rows), like.fresh, false, parts[i]));
    }
    return mixed(std::move(parts));
}

Result<std::vector<Candidate>> mixed_now(SqliteDb& db, std::string_view repository, std::size_t count) {
    std::array<std::vector<Candidate>, ranges> parts;
    for (std::size_t i = 0; i < ranges; ++i) {
        TRY(auto rows, db.query("SELECT repository, digest, released_at FROM review_now "
                                "WHERE repository = ?1 AND digest >= ?2 AND digest < ?3 "
                                "ORDER BY digest LIMIT ?4",
                                {repository, bounds[i], bounds[i + 1], limit(count / ranges)}));
        CHECK(add_rows(std::move(rows), false, true, parts[i]));
    }
    return mixed(std::move(parts));
}

Result<> collect_due(SqliteDb& db, QueueKind kind, Time before, std::size_t count,
                     std::vector<Candidate>& found) {
    if (found.size() >= count) return {};
    auto const wanted = count - found.size();
    TRY(auto rows, db.query("SELECT repository, digest, released_at FROM review WHERE fresh = ?1 "
                            "AND released_at / 60000000 <= ?2 / 60000000 AND released_at <= ?2 "
                            "ORDER BY released_at / 60000000, repository, digest LIMIT ?3",
                            {static_cast<std::int64_t>(kind), stored(before), limit(wanted)}));
    std::vector<Candidate> next;
    CHECK(add_rows(std::move(rows), kind == QueueKind::fresh, false, next));
    auto const minute = [](Candidate const& one) {
        return std::pair(std::chrono::floor<std::chrono::minutes>(one.released_at), one.repository);
    };
    if (next.size() == wanted && wanted >= many && minute(next.front()) == minute(next.back())) {
        TRY(auto several, mixed_waiting(db, next.front(), kind, before, wanted));
        if (several.size() > wanted / 2) next = std::move(several);
    }
    std::ranges::move(next, std::back_inserter(found));
    return {};
}

/// What is due whatever its time.
Result<> collect_due_now(SqliteDb& db, std::size_t count, std::vector<Candidate>& found) {
    if (found.size() >= count) return {};
    auto const wanted = count - found.size();
    TRY(auto rows, db.query("SELECT repository, digest, released_at FROM review_now "
                            "WHERE repository >= '' ORDER BY repository, digest LIMIT ?1",
                            {limit(wanted)}));
    std::vector<Candidate> next;
    CHECK(add_rows(std::move(rows), false, true, next));
    if (next.size() == wanted && wanted >= many && next.front().repository == next.back().repository) {
        TRY(auto several, mixed_now(db, next.front().repository, wanted));
        // Where nearly all are of one range, as digests of sha512 are, they stay as they are.
        if (several.size() > wanted / 2) next = std::move(several);
    }
    std::ranges::move(next, std::back_inserter(found));
    return {};
}

}  // namespace

Result<std::vector<Candidate>> read_due(SqliteDb& db, ReviewCutoffs const& cutoffs, std::size_t count) {
    std::vector<Candidate> found;
    // What releases others comes first: the more there are, the more of them are side by side.
    CHECK(collect_due(db, QueueKind::released, cutoffs.released_before, count, found));
    CHECK(collect_due(db, QueueKind::fresh, cutoffs.fresh_before, count, found));
    CHECK(collect_due_now(db, count, found));
    return found;
}

}  // namespace ocilot::meta
