#include "meta/sqlite/collection.h"

#include "meta/sqlite/needed.h"
#include "meta/sqlite/purge.h"
#include "meta/sqlite/removed.h"
#include "meta/sqlite/repository.h"
#include "meta/sqlite/restoration.h"
#include "meta/sqlite/review_queue.h"
#include "meta/sqlite/unneeded.h"
#include "meta/sqlite/values.h"

#include <charconv>
#include <fmt/format.h>

namespace ocilot::meta {

namespace {

constexpr std::string_view job_name = "collect-garbage";

Result<> write_place(SqliteDb& db, CollectionPlace const& place) {
    CHECK(
        db.change("INSERT INTO job_place (job, place, noted_at) VALUES (?1, ?2, ?3) "
                  "ON CONFLICT (job) DO UPDATE SET place = excluded.place, noted_at = excluded.noted_at",
                  {job_name, fmt::format("{} {}", place.change, place.walk), stored(place.noted_at)}));
    return {};
}

Result<std::optional<CollectionPlace>> read_place(SqliteDb& db) {
    TRY(auto rows, db.query("SELECT place, noted_at FROM job_place WHERE job = ?1", {job_name}));
    TRY(bool const row, rows.next());
    if (!row) return std::optional<CollectionPlace>();
    auto const text = rows.view(0);
    CollectionPlace place{.noted_at = stored_time(rows, 1)};
    auto const* const end = text.data() + text.size();
    auto const [rest, failure] = std::from_chars(text.data(), end, place.change);
    if (failure != std::errc() || rest == end) return damaged("place of a job");
    place.walk = std::string(rest + 1, end);
    return std::optional(std::move(place));
}

Result<> collect_due(SqliteDb& db, bool fresh, Time before, std::size_t count,
                     std::vector<Candidate>& found) {
    TRY(auto rows,
        db.query("SELECT repository, digest, released_at FROM review WHERE fresh = ?1 AND released_at <= ?2 "
                 "ORDER BY released_at LIMIT ?3",
                 {std::int64_t{fresh}, stored(before), limit(count)}));
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return {};
        TRY(auto const digest, stored_digest(rows, 1));
        found.push_back({rows.text(0), digest, stored_time(rows, 2), fresh});
    }
}

Result<std::vector<Candidate>> read_due(SqliteDb& db, ReviewCutoffs const& cutoffs, std::size_t count) {
    std::vector<Candidate> found;
    CHECK(collect_due(db, false, cutoffs.released_before, count, found));
    if (found.size() < count) {
        CHECK(collect_due(db, true, cutoffs.fresh_before, count - found.size(), found));
    }
    return found;
}

Result<CollectionCounts> read_counts(SqliteDb& db, ReviewCutoffs const& cutoffs) {
    TRY(auto rows, db.query("SELECT (SELECT count(*) FROM review WHERE fresh = 0 AND released_at <= ?1), "
                            "(SELECT count(*) FROM review WHERE fresh = 1 AND released_at <= ?2), "
                            "(SELECT count(*) FROM review WHERE fresh = 0 AND released_at > ?1), "
                            "(SELECT count(*) FROM review WHERE fresh = 1 AND released_at > ?2)",
                            {stored(cutoffs.released_before), stored(cutoffs.fresh_before)}));
    CHECK(rows.next());
    return CollectionCounts{.waiting = static_cast<std::uint64_t>(rows.integer(2) + rows.integer(3)),
                            .due = static_cast<std::uint64_t>(rows.integer(0) + rows.integer(1))};
}

/// One repository under review.
struct Review {
    SqliteDb& db;
    std::string const& name;
    std::optional<std::int64_t> repository;
    ReviewCutoffs const& cutoffs;
};

/// When the link was last pushed, if that was after it was released: its push may be under way.
Result<std::optional<std::int64_t>> pushed_again(Review const& review, std::string_view digest,
                                                 std::int64_t released_at) {
    return first_number(review.db,
                        "SELECT linked_at FROM link WHERE repository = ?1 AND digest = ?2 AND linked_at > ?3",
                        {*review.repository, digest, released_at});
}

/// Takes out what is not needed under the digest; whether there was anything.
Result<bool> condemn(Review const& review, std::string_view digest, Time at) {
    auto& db = review.db;
    Removal const removal{*review.repository, review.name, at, true};
    bool condemned = false;
    TRY(auto const manifest, first_number(db, "SELECT id FROM manifest WHERE repository = ?1 AND digest = ?2",
                                          {*review.repository, digest}));
    if (manifest) {
        TRY(bool const needed, is_manifest_needed(db, *review.repository, review.name, digest));
        if (!needed) {
            CHECK(take_out_manifest(db, removal, *manifest, digest, "[]"));
            condemned = true;
        }
    }
    TRY(bool const needed, is_link_needed(db, *review.repository, review.name, digest));
    if (!needed) {
        TRY(bool const taken, take_out_link(db, removal, digest));
        condemned = condemned || taken;
    }
    return condemned;
}

Result<bool> is_expired(Review const& review, std::string_view digest) {
    TRY(auto const found,
        first_number(review.db,
                     "SELECT EXISTS (SELECT 1 FROM removed_manifest WHERE repository = ?1 AND digest = ?2 "
                     "AND removed_at <= ?3) OR EXISTS (SELECT 1 FROM removed_link WHERE repository = ?1 "
                     "AND digest = ?2 AND removed_at <= ?3)",
                     {review.name, digest, stored(review.cutoffs.released_before)}));
    return found.value_or(0) != 0;
}

Result<> review_one(Review const& review, oci::Digest const& digest, Reviewed& answer) {
    auto const text = digest.str();
    TRY(auto const released_at, due_since(review.db, review.name, text, review.cutoffs));
    if (!released_at) return {};
    if (review.repository) {
        TRY(auto const again, pushed_again(review, text, *released_at));
        if (again) {
            return add_candidate(review.db, {review.name, digest, Time(Time::duration(*again)), true});
        }
        TRY(bool const condemned, condemn(review, text, Time(Time::duration(*released_at))));
        if (condemned) {
            answer.condemned.push_back(digest);
            return {};
        }
    }
    TRY(bool const expired, is_expired(review, text));
    if (expired) {
        answer.expired.push_back(digest);
        return {};
    }
    ++answer.kept;
    return drop_candidate(review.db, review.name, text);
}

Result<Reviewed> review_all(SqliteDb& db, oci::RepositoryName const& repository,
                            std::vector<oci::Digest> const& candidates, ReviewCutoffs const& cutoffs) {
    Reviewed answer;
    TRY(auto const id, find_repository(db, repository));
    Review const review{db, repository.str(), id, cutoffs};
    for (auto const& digest : candidates) {
        CHECK(review_one(review, digest, answer));
    }
    if (id) {
        CHECK(drop_repository_if_empty(db, *id));
    }
    return answer;
}

Result<> lift_all(SqliteDb& db, std::string const& repository, std::vector<oci::Digest> const& condemned,
                  Time now) {
    for (auto const& digest : condemned) {
        TRY(bool const manifest, put_back_manifest(db, repository, digest.str(), WhichRemoved::condemned));
        TRY(bool const link, put_back_link(db, repository, digest.str(), WhichRemoved::condemned));
        if (manifest || link) {
            CHECK(add_candidate(db, {repository, digest, now, true}));
        }
    }
    return {};
}

}  // namespace

Task<Result<>> SqliteCollection::enqueue(std::vector<Candidate> candidates, CollectionPlace place) {
    return writer_.run(ChangeScope::nothing(),
                       [all = std::move(candidates), to = std::move(place)](SqliteDb& db) -> Result<> {
                           for (auto const& candidate : all) {
                               CHECK(add_candidate(db, candidate));
                           }
                           return write_place(db, to);
                       });
}

Task<Result<std::optional<CollectionPlace>>> SqliteCollection::place() {
    co_return readers_.read(read_place);
}

Task<Result<std::vector<Candidate>>> SqliteCollection::due(ReviewCutoffs cutoffs, std::size_t limit) {
    co_return readers_.read([&](SqliteDb& db) { return read_due(db, cutoffs, limit); });
}

Task<Result<CollectionCounts>> SqliteCollection::counts(ReviewCutoffs cutoffs) {
    co_return readers_.read([&](SqliteDb& db) { return read_counts(db, cutoffs); });
}

Task<Result<Reviewed>> SqliteCollection::review(oci::RepositoryName const& repository,
                                                std::vector<oci::Digest> candidates, ReviewCutoffs cutoffs) {
    return writer_.run(ChangeScope::of(repository), [=, all = std::move(candidates)](SqliteDb& db) {
        return review_all(db, repository, all, cutoffs);
    });
}

Task<Result<>> SqliteCollection::lift(oci::RepositoryName const& repository,
                                      std::vector<oci::Digest> condemned, Time now) {
    return writer_.run(ChangeScope::of(repository), [=, all = std::move(condemned)](SqliteDb& db) {
        return lift_all(db, repository.str(), all, now);
    });
}

Task<Result<Purged>> SqliteCollection::purge(oci::RepositoryName const& repository,
                                             std::vector<oci::Digest> digests, ReviewCutoffs cutoffs,
                                             Time now) {
    return writer_.run(ChangeScope::nothing(), [=, all = std::move(digests)](SqliteDb& db) {
        return purge_all(db, repository, all, cutoffs, now);
    });
}

Task<Result<std::vector<oci::Digest>>> SqliteCollection::unheld(std::vector<oci::Digest> digests) {
    co_return readers_.read([&](SqliteDb& db) -> Result<std::vector<oci::Digest>> {
        std::vector<oci::Digest> found;
        for (auto const& digest : digests) {
            TRY(bool const held, is_held(db, digest.str()));
            if (!held) found.push_back(digest);
        }
        return found;
    });
}

Task<Result<>> SqliteCollection::settle(std::vector<oci::Digest> bytes) {
    return writer_.run(ChangeScope::nothing(), [all = std::move(bytes)](SqliteDb& db) -> Result<> {
        for (auto const& digest : all) {
            CHECK(drop_candidate(db, "", digest.str()));
        }
        return {};
    });
}

Task<Result<Restored>> SqliteCollection::restore(RestoreRequest request, Actor by, Time now) {
    auto const scope = ChangeScope::of(request.repository);
    return writer_.run(scope, [what = std::move(request), who = std::move(by), now](SqliteDb& db) {
        return meta::restore(db, what, who, now);
    });
}

Task<Result<FoundPiece>> SqliteCollection::find(std::string from, std::size_t rows, Time now) {
    return writer_.run(ChangeScope::nothing(), [=, place = std::move(from)](SqliteDb& db) {
        return find_unneeded(db, place, rows, now);
    });
}

}  // namespace ocilot::meta
