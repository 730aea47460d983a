#include "meta/sqlite/review.h"

#include "meta/sqlite/needed.h"
#include "meta/sqlite/removed.h"
#include "meta/sqlite/repository.h"
#include "meta/sqlite/review_queue.h"
#include "meta/sqlite/values.h"

namespace ocilot::meta {

namespace {

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

}  // namespace

Result<std::vector<Candidate>> read_due(SqliteDb& db, ReviewCutoffs const& cutoffs, std::size_t count) {
    std::vector<Candidate> found;
    CHECK(collect_due(db, false, cutoffs.released_before, count, found));
    if (found.size() < count) {
        CHECK(collect_due(db, true, cutoffs.fresh_before, count - found.size(), found));
    }
    return found;
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

}  // namespace ocilot::meta
