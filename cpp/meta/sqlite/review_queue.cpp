#include "meta/sqlite/review_queue.h"

#include "meta/sqlite/repository.h"
#include "meta/sqlite/values.h"

#include <algorithm>

namespace ocilot::meta {

namespace {

Result<bool> is_named(SqliteDb& db, std::string_view repository, std::string_view digest) {
    TRY(auto const found,
        first_number(db,
                     "SELECT EXISTS (SELECT 1 FROM edge e CROSS JOIN manifest m ON m.id = e.manifest "
                     "WHERE e.repository = r.id AND e.child = ?2) "
                     "OR EXISTS (SELECT 1 FROM tag WHERE repository = r.id AND digest = ?2) "
                     "FROM repository r WHERE name = ?1",
                     {repository, digest}));
    return found.value_or(0) != 0;
}

/// The row of a candidate, if there is one: its time, its kind, and whether it is due whatever its time.
Result<std::optional<Candidate>> candidate_in(SqliteRows& rows, std::string const& repository,
                                              oci::Digest const& digest) {
    TRY(bool const row, rows.next());
    if (!row) return std::optional<Candidate>();
    bool const fresh = static_cast<QueueKind>(rows.integer(1)) == QueueKind::fresh;
    return std::optional(Candidate{repository, digest, stored_time(rows, 0), fresh, rows.integer(2) != 0});
}

/// The candidate, if it is there and due.
Result<std::optional<Candidate>> find_one_due(SqliteDb& db, std::string const& repository,
                                              oci::Digest const& digest, ReviewCutoffs const& cutoffs) {
    TRY(auto rows,
        db.query("SELECT released_at, fresh, 0 FROM review WHERE repository = ?1 AND digest = ?2 "
                 "AND released_at <= CASE fresh WHEN 0 THEN ?3 ELSE ?4 END "
                 "UNION ALL SELECT released_at, 0, 1 FROM review_now WHERE repository = ?1 AND digest = ?2",
                 {repository, digest.str(), stored(cutoffs.released_before), stored(cutoffs.fresh_before)}));
    return candidate_in(rows, repository, digest);
}

/// What is due at once, if it is side by side. What is between them is read, too, but not much of it.
Result<> find_side_by_side(SqliteDb& db, std::string const& repository, std::span<oci::Digest const> digests,
                           std::span<std::optional<Candidate>> found) {
    if (digests.size() < 2) return {};
    auto const most = std::int64_t(2 * digests.size());
    TRY(auto rows, db.query("SELECT digest, released_at FROM review_now WHERE repository = ?1 "
                            "AND digest BETWEEN ?2 AND ?3 ORDER BY digest LIMIT ?4",
                            {repository, digests.front().str(), digests.back().str(), most}));
    for (std::size_t at = 0; at < digests.size();) {
        TRY(bool const row, rows.next());
        if (!row) return {};
        TRY(auto const digest, stored_digest(rows, 0));
        while (at < digests.size() && digests[at] < digest) ++at;
        if (at == digests.size() || digests[at] != digest) continue;
        found[at++] = Candidate{repository, digest, stored_time(rows, 1), false, true};
    }
    return {};
}

/// What waits for its time, unless it is due at once because of something later.
Result<> add_waiting(SqliteDb& db, Candidate const& candidate) {
    auto const digest = candidate.digest.str();
    auto const kind = candidate.fresh ? QueueKind::fresh : QueueKind::released;
    CHECK(db.change(
        "INSERT INTO review (repository, digest, released_at, fresh) SELECT ?1, ?2, ?3, ?4 "
        "WHERE NOT EXISTS (SELECT 1 FROM review_now WHERE repository = ?1 AND digest = ?2 "
        "AND released_at > ?3) ON CONFLICT (repository, digest) "
        "DO UPDATE SET released_at = excluded.released_at, fresh = excluded.fresh "
        "WHERE excluded.released_at >= released_at",
        {candidate.repository, digest, stored(candidate.released_at), static_cast<std::int64_t>(kind)}));
    CHECK(db.change("DELETE FROM review_now WHERE repository = ?1 AND digest = ?2 AND released_at <= ?3",
                    {candidate.repository, digest, stored(candidate.released_at)}));
    return {};
}

/// What is due at once, unless it waits for a later time of its own.
Result<> add_due_now(SqliteDb& db, Candidate const& candidate) {
    auto const digest = candidate.digest.str();
    CHECK(db.change(
        "INSERT INTO review_now (repository, digest, released_at) SELECT ?1, ?2, ?3 "
        "WHERE NOT EXISTS (SELECT 1 FROM review WHERE repository = ?1 AND digest = ?2 "
        "AND released_at > ?3) ON CONFLICT (repository, digest) "
        "DO UPDATE SET released_at = excluded.released_at WHERE excluded.released_at >= released_at",
        {candidate.repository, digest, stored(candidate.released_at)}));
    CHECK(db.change("DELETE FROM review WHERE repository = ?1 AND digest = ?2 AND released_at <= ?3",
                    {candidate.repository, digest, stored(candidate.released_at)}));
    return {};
}

}  // namespace

Result<> add_unless_queued(SqliteDb& db, Candidate const& candidate) {
    TRY(auto const queued, find_candidate(db, candidate.repository, candidate.digest));
    if (queued) return {};
    return add_candidate(db, candidate);
}

Result<> add_candidate(SqliteDb& db, Candidate const& candidate) {
    return candidate.purged ? add_due_now(db, candidate) : add_waiting(db, candidate);
}

Result<> add_unneeded_candidates(SqliteDb& db, std::vector<Candidate> const& candidates) {
    for (auto const& candidate : candidates) {
        if (candidate.fresh && candidate.repository.empty()) {
            CHECK(add_unless_queued(db, candidate));
            continue;
        }
        if (candidate.fresh) {
            TRY(bool const named, is_named(db, candidate.repository, candidate.digest.str()));
            if (named) continue;
        }
        CHECK(add_candidate(db, candidate));
    }
    return {};
}

Result<> add_named_candidates(SqliteDb& db, std::int64_t removed_manifest, Time released_at) {
    // What may fail half way makes SQLite copy each page before it is changed, and each row is on a page of
    // its own: so the few that are there already have a statement of their own.
    TRY(auto const named, first_number(db,
                                       "SELECT (SELECT count(*) FROM edge e WHERE e.manifest = m.live_id) "
                                       "+ (SELECT count(*) FROM removed_edge e WHERE e.manifest = m.id) "
                                       "FROM removed_manifest m WHERE id = ?1",
                                       {removed_manifest}));
    TRY(auto const added,
        db.change("INSERT OR IGNORE INTO review_now (repository, digest, released_at) "
                  "SELECT repository, child, ?2 FROM held_edge e WHERE holder = ?1 "
                  "AND NOT EXISTS (SELECT 1 FROM removed_link WHERE repository = e.repository "
                  "AND digest = e.child) "
                  "AND NOT EXISTS (SELECT 1 FROM removed_manifest WHERE repository = e.repository "
                  "AND digest = e.child) "
                  "AND NOT EXISTS (SELECT 1 FROM review WHERE repository = e.repository "
                  "AND digest = e.child AND released_at > ?2)",
                  {removed_manifest, stored(released_at)}));
    if (added < named.value_or(0)) {
        CHECK(
            db.change("UPDATE review_now SET released_at = ?2 WHERE released_at < ?2 "
                      "AND (repository, digest) IN (SELECT repository, child FROM held_edge e "
                      "WHERE holder = ?1 AND NOT EXISTS (SELECT 1 FROM removed_link "
                      "WHERE repository = e.repository AND digest = e.child) "
                      "AND NOT EXISTS (SELECT 1 FROM removed_manifest WHERE repository = e.repository "
                      "AND digest = e.child))",
                      {removed_manifest, stored(released_at)}));
    }
    CHECK(
        db.change("DELETE FROM review WHERE (repository, digest) IN (SELECT r.repository, r.digest "
                  "FROM held_edge e CROSS JOIN review r ON r.repository = e.repository "
                  "AND r.digest = e.child CROSS JOIN review_now n ON n.repository = r.repository "
                  "AND n.digest = r.digest WHERE e.holder = ?1) AND released_at <= ?2",
                  {removed_manifest, stored(released_at)}));
    return {};
}

Result<> add_removed_candidates(SqliteDb& db, std::string_view repository) {
    CHECK(
        db.change("INSERT INTO review (repository, digest, released_at, fresh) "
                  "SELECT repository, digest, removed_at, 0 FROM removed_manifest WHERE repository = ?1 "
                  "ON CONFLICT (repository, digest) DO UPDATE SET released_at = excluded.released_at, "
                  "fresh = excluded.fresh WHERE excluded.released_at >= released_at",
                  {repository}));
    CHECK(
        db.change("INSERT INTO review (repository, digest, released_at, fresh) "
                  "SELECT repository, digest, removed_at, 0 FROM removed_link WHERE repository = ?1 "
                  "ON CONFLICT (repository, digest) DO UPDATE SET released_at = excluded.released_at, "
                  "fresh = excluded.fresh WHERE excluded.released_at >= released_at",
                  {repository}));
    return keep_one_row_each(db, repository);
}

Result<> keep_one_row_each(SqliteDb& db, std::string_view repository) {
    CHECK(
        db.change("DELETE FROM review_now WHERE repository = ?1 AND EXISTS (SELECT 1 FROM review r "
                  "WHERE r.repository = ?1 AND r.digest = review_now.digest "
                  "AND r.released_at >= review_now.released_at)",
                  {repository}));
    CHECK(
        db.change("DELETE FROM review WHERE repository = ?1 "
                  "AND digest IN (SELECT digest FROM review_now WHERE repository = ?1)",
                  {repository}));
    return {};
}

Result<> drop_candidate(SqliteDb& db, std::string_view repository, std::string_view digest) {
    CHECK(db.change("DELETE FROM review WHERE repository = ?1 AND digest = ?2", {repository, digest}));
    CHECK(db.change("DELETE FROM review_now WHERE repository = ?1 AND digest = ?2", {repository, digest}));
    return {};
}

Result<> settle_candidate(SqliteDb& db, Candidate const& candidate) {
    std::string_view const sql =
        candidate.purged ? "DELETE FROM review_now WHERE repository = ?1 AND digest = ?2 AND released_at = ?3"
                         : "DELETE FROM review WHERE repository = ?1 AND digest = ?2 AND released_at = ?3";
    CHECK(db.change(sql, {candidate.repository, candidate.digest.str(), stored(candidate.released_at)}));
    return {};
}

Result<std::optional<Candidate>> find_candidate(SqliteDb& db, std::string const& repository,
                                                oci::Digest const& digest) {
    TRY(auto rows, db.query("SELECT released_at, fresh, 0 FROM review WHERE repository = ?1 AND digest = ?2 "
                            "UNION ALL SELECT released_at, 0, 1 FROM review_now WHERE repository = ?1 "
                            "AND digest = ?2",
                            {repository, digest.str()}));
    return candidate_in(rows, repository, digest);
}

Result<DueCandidates> find_due(SqliteDb& db, std::string const& repository,
                               std::span<oci::Digest const> digests, ReviewCutoffs const& cutoffs) {
    DueCandidates found(digests.size());
    for (std::size_t at = 0; at < digests.size(); at += looked_up_at_once) {
        auto const some = digests.subspan(at, std::min(looked_up_at_once, digests.size() - at));
        CHECK(find_side_by_side(db, repository, some, std::span(found).subspan(at, some.size())));
    }
    for (std::size_t at = 0; at < digests.size(); ++at) {
        if (found[at]) continue;
        TRY(found[at], find_one_due(db, repository, digests[at], cutoffs));
    }
    return found;
}

}  // namespace ocilot::meta
