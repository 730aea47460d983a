#include "meta/sqlite/review.h"

#include "meta/sqlite/needed.h"
#include "meta/sqlite/removed.h"
#include "meta/sqlite/repository.h"
#include "meta/sqlite/review_queue.h"
#include "meta/sqlite/values.h"

#include <algorithm>
#include <span>

namespace ocilot::meta {

namespace {

/// One repository under review.
struct Review {
    SqliteDb& db;
    std::string const& name;
    std::optional<std::int64_t> repository;
    ReviewCutoffs const& cutoffs;
    std::int64_t removed_rows = 0;  ///< that the purge of what is condemned or was removed takes away
};

/// That the purge of a manifest changes: one goes, and what it names is to be reviewed.
constexpr std::int64_t rows_per_edge = 2;

/// When the link was last or the manifest first pushed, if that was after it was released: its push, or that
/// of what names it, may be under way.
Result<std::optional<std::int64_t>> pushed_again(Review const& review, std::string_view digest,
                                                 Time released_at) {
    return first_number(review.db,
                        "SELECT linked_at FROM link WHERE repository = ?1 AND digest = ?2 AND linked_at > ?3 "
                        "UNION ALL SELECT pushed_at FROM manifest WHERE repository = ?1 AND digest = ?2 "
                        "AND pushed_at > ?3",
                        {*review.repository, digest, stored(released_at)});
}

/// What nearly all candidates are: a link alone, not pushed again, and needed by nothing. The same that
/// `condemn` does with it, in two statements. Whether it was such a one. Not one that was removed before,
/// too: what may replace a row makes SQLite copy each page before it is changed.
Result<bool> condemn_plain_link(Review const& review, std::string_view digest, Time released_at) {
    auto& db = review.db;
    TRY(auto const taken,
        db.change("INSERT OR IGNORE INTO removed_link (repository, digest, size, linked_at, removed_at, "
                  "condemned, charged_to) SELECT ?2, l.digest, l.size, l.linked_at, ?4, 1, l.charged_to "
                  "FROM link l WHERE l.repository = ?1 AND l.digest = ?3 AND l.linked_at <= ?4 "
                  "AND NOT EXISTS (SELECT 1 FROM manifest WHERE repository = ?1 AND digest = ?3) "
                  "AND NOT EXISTS (SELECT 1 FROM edge WHERE repository = ?1 AND child = ?3) "
                  "AND NOT EXISTS (SELECT 1 FROM removed_edge WHERE repository = ?2 AND child = ?3)",
                  {*review.repository, review.name, digest, stored(released_at)}));
    if (taken == 0) return false;
    CHECK(db.change("DELETE FROM link WHERE repository = ?1 AND digest = ?2", {*review.repository, digest}));
    return true;
}

/// Takes out what is not needed under the digest; whether there was anything.
Result<bool> condemn(Review& review, std::string_view digest, Time at) {
    auto& db = review.db;
    Removal const removal{*review.repository, review.name, at, true};
    bool condemned = false;
    TRY(auto const manifest, first_number(db, "SELECT id FROM manifest WHERE repository = ?1 AND digest = ?2",
                                          {*review.repository, digest}));
    if (manifest) {
        TRY(bool const needed, is_manifest_needed(db, *review.repository, review.name, digest));
        if (!needed) {
            CHECK(take_out_manifest(db, removal, *manifest, digest, "[]"));
            TRY(auto const edges,
                first_number(db, "SELECT count(*) FROM edge WHERE manifest = ?1", {*manifest}));
            review.removed_rows += rows_per_edge * edges.value_or(0);
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

/// What is removed already, and is to be purged, or was and has referrers that are to be released.
struct Removed {
    std::int64_t rows = 0;   ///< that the purge takes away; 0: nothing is to be purged
    bool condemned = false;  ///< by a round that ended before it was purged or lifted
};

Result<Removed> find_removed(Review const& review, std::string_view digest) {
    TRY(auto rows,
        review.db.query(
            "SELECT coalesce((SELECT 1 + ?4 * ((SELECT count(*) FROM removed_edge e WHERE e.manifest = m.id) "
            "+ (SELECT count(*) FROM edge e WHERE e.manifest = m.live_id)) "
            "FROM removed_manifest m WHERE repository = ?1 AND digest = ?2 "
            "AND (condemned = 1 OR removed_at <= ?3)), 0) "
            "+ EXISTS (SELECT 1 FROM removed_link WHERE repository = ?1 AND digest = ?2 "
            "AND (condemned = 1 OR removed_at <= ?3)) "
            "+ EXISTS (SELECT 1 FROM released_subject WHERE repository = ?1 AND digest = ?2), "
            "EXISTS (SELECT 1 FROM removed_manifest WHERE repository = ?1 AND digest = ?2 AND condemned = 1) "
            "OR EXISTS (SELECT 1 FROM removed_link WHERE repository = ?1 AND digest = ?2 AND condemned = 1)",
            {review.name, digest, stored(review.cutoffs.released_before), rows_per_edge}));
    TRY(bool const row, rows.next());
    if (!row) return Removed();
    return Removed{rows.integer(0), rows.integer(1) != 0};
}

Result<> review_one(Review& review, Candidate const& due, Reviewed& answer) {
    auto const& digest = due.digest;
    auto const text = digest.str();
    if (review.repository) {
        TRY(bool const plain, condemn_plain_link(review, text, due.released_at));
        if (plain) {
            answer.condemned.push_back(digest);
            return {};
        }
        TRY(auto const again, pushed_again(review, text, due.released_at));
        if (again) {
            return add_candidate(review.db, {review.name, digest, Time(Time::duration(*again)), true});
        }
        TRY(bool const condemned, condemn(review, text, due.released_at));
        if (condemned) {
            answer.condemned.push_back(digest);
            return {};
        }
    }
    TRY(auto const removed, find_removed(review, text));
    if (removed.rows > 0) {
        review.removed_rows += removed.rows;
        // Clients may have asked for it before it was condemned: that is looked at again, too.
        (removed.condemned ? answer.condemned : answer.expired).push_back(digest);
        return {};
    }
    TRY(bool const there, is_there(review.db, review.repository, text));
    TRY(bool const restorable, is_removed(review.db, review.name, text));
    if (!there && !restorable) {
        answer.left.push_back(due);
        return {};
    }
    ++answer.kept;
    return drop_candidate(review.db, review.name, text);
}

}  // namespace

Result<Reviewed> review_all(SqliteDb& db, oci::RepositoryName const& repository,
                            std::vector<oci::Digest> const& candidates, ReviewCutoffs const& cutoffs) {
    Reviewed answer;
    TRY(auto const id, find_repository(db, repository));
    Review review{db, repository.str(), id, cutoffs};
    auto const before = db.rows_changed();
    auto const is_full = [&] { return db.rows_changed() - before + review.removed_rows >= most_rows; };
    for (std::span<oci::Digest const> rest(candidates); !rest.empty() && !is_full();) {
        auto const some = rest.first(std::min(looked_up_at_once, rest.size()));
        TRY(auto const found, find_due(db, review.name, some, cutoffs));
        for (auto const& due : found) {
            if (is_full()) break;
            if (due) {
                CHECK(review_one(review, *due, answer));
            }
            ++answer.looked_at;
        }
        rest = rest.subspan(some.size());
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
            // Whatever the time of its row: one that was purged would be due again at once.
            CHECK(drop_candidate(db, repository, digest.str()));
            CHECK(add_candidate(db, {repository, digest, now, true}));
        }
    }
    return {};
}

}  // namespace ocilot::meta
