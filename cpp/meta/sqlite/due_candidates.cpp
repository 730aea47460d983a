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

using Candidates = std::vector<Candidate>;

/// Repository, digest and time of rows.
Result<Candidates> read_rows(SqliteRows rows, bool fresh, bool purged) {
    Candidates found;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return found;
        TRY(auto const digest, stored_digest(rows, 1));
        found.push_back({rows.text(0), digest, stored_time(rows, 2), fresh, purged});
    }
}

/// Some of each range in turn.
Candidates mixed(std::array<Candidates, ranges> parts) {
    Candidates all;
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

/// What waits for its time.
struct Waiting {
    SqliteDb& db;
    QueueKind kind;
    Time before;

    [[nodiscard]] Result<Candidates> first(std::size_t count) const {
        TRY(auto rows, db.query("SELECT repository, digest, released_at FROM review WHERE fresh = ?1 "
                                "AND released_at / 60000000 <= ?2 / 60000000 AND released_at <= ?2 "
                                "ORDER BY released_at / 60000000, repository, digest LIMIT ?3",
                                {static_cast<std::int64_t>(kind), stored(before), limit(count)}));
        return read_rows(std::move(rows), kind == QueueKind::fresh, false);
    }
    /// Of the repository and the minute of one.
    [[nodiscard]] Result<Candidates> of_range(Candidate const& like, std::size_t range,
                                              std::size_t count) const {
        TRY(auto rows,
            db.query("SELECT repository, digest, released_at FROM review WHERE fresh = ?1 "
                     "AND released_at / 60000000 = ?2 / 60000000 AND repository = ?3 AND digest >= ?4 "
                     "AND digest < ?5 AND released_at <= ?6 ORDER BY digest LIMIT ?7",
                     {static_cast<std::int64_t>(kind), stored(like.released_at), like.repository,
                      bounds[range], bounds[range + 1], stored(before), limit(count)}));
        return read_rows(std::move(rows), kind == QueueKind::fresh, false);
    }
};

/// What is due whatever its time.
struct DueNow {
    SqliteDb& db;

    [[nodiscard]] Result<Candidates> first(std::size_t count) const {
        TRY(auto rows, db.query("SELECT repository, digest, released_at FROM review_now "
                                "WHERE repository >= '' ORDER BY repository, digest LIMIT ?1",
                                {limit(count)}));
        return read_rows(std::move(rows), false, true);
    }
    /// Of the repository of one.
    [[nodiscard]] Result<Candidates> of_range(Candidate const& like, std::size_t range,
                                              std::size_t count) const {
        TRY(auto rows, db.query("SELECT repository, digest, released_at FROM review_now "
                                "WHERE repository = ?1 AND digest >= ?2 AND digest < ?3 "
                                "ORDER BY digest LIMIT ?4",
                                {like.repository, bounds[range], bounds[range + 1], limit(count)}));
        return read_rows(std::move(rows), false, true);
    }
};

/// Of many that are alike those of several ranges; as they are stored where there are few, or nearly all are
/// of one range, as digests of sha512 are.
template <class Queue>
Result<> collect(Queue const& queue, std::size_t count, Candidates& found) {
    if (found.size() >= count) return {};
    auto const wanted = count - found.size();
    Candidates next;
    if (wanted >= many) {
        TRY(auto const one, queue.first(1));
        if (one.empty()) return {};
        std::array<Candidates, ranges> parts;
        for (std::size_t range = 0; range < ranges; ++range) {
            TRY(parts[range], queue.of_range(one.front(), range, wanted / ranges));
        }
        next = mixed(std::move(parts));
    }
    if (next.size() <= wanted / 2) {
        TRY(next, queue.first(wanted));
    }
    std::ranges::move(next, std::back_inserter(found));
    return {};
}

}  // namespace

Result<std::vector<Candidate>> read_due(SqliteDb& db, ReviewCutoffs const& cutoffs, std::size_t count) {
    std::vector<Candidate> found;
    // What releases others comes first: the more there are, the more of them are side by side.
    CHECK(collect(Waiting{db, QueueKind::released, cutoffs.released_before}, count, found));
    CHECK(collect(Waiting{db, QueueKind::fresh, cutoffs.fresh_before}, count, found));
    CHECK(collect(DueNow{db}, count, found));
    return found;
}

}  // namespace ocilot::meta
