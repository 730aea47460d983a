#include "meta/sqlite/review_queue.h"

#include "meta/sqlite/repository.h"
#include "meta/sqlite/values.h"

namespace ocilot::meta {

namespace {

Result<bool> is_named(SqliteDb& db, std::string_view repository, std::string_view digest) {
    TRY(auto const found,
        first_number(db,
                     "SELECT EXISTS (SELECT 1 FROM edge WHERE repository = r.id AND child = ?2) "
                     "OR EXISTS (SELECT 1 FROM tag WHERE repository = r.id AND digest = ?2) "
                     "FROM repository r WHERE name = ?1",
                     {repository, digest}));
    return found.value_or(0) != 0;
}

/// The row of a candidate, if there is one.
Result<std::optional<Candidate>> candidate_in(SqliteRows& rows, std::string const& repository,
                                              oci::Digest const& digest) {
    TRY(bool const row, rows.next());
    if (!row) return std::optional<Candidate>();
    auto const kind = static_cast<QueueKind>(rows.integer(1));
    return std::optional(Candidate{repository, digest, stored_time(rows, 0), kind == QueueKind::fresh,
                                   kind == QueueKind::purged});
}

}  // namespace

QueueKind kind_of(Candidate const& candidate) noexcept {
    if (candidate.purged) return QueueKind::purged;
    return candidate.fresh ? QueueKind::fresh : QueueKind::released;
}

Result<> add_unless_queued(SqliteDb& db, Candidate const& candidate) {
    CHECK(
        db.change("INSERT INTO review (repository, digest, released_at, fresh) VALUES (?1, ?2, ?3, ?4) "
                  "ON CONFLICT DO NOTHING",
                  {candidate.repository, candidate.digest.str(), stored(candidate.released_at),
                   static_cast<std::int64_t>(kind_of(candidate))}));
    return {};
}

Result<> add_candidate(SqliteDb& db, Candidate const& candidate) {
    CHECK(
        db.change("INSERT INTO review (repository, digest, released_at, fresh) VALUES (?1, ?2, ?3, ?4) "
                  "ON CONFLICT (repository, digest) DO UPDATE SET released_at = excluded.released_at, "
                  "fresh = excluded.fresh WHERE excluded.released_at >= released_at OR excluded.fresh = 2",
                  {candidate.repository, candidate.digest.str(), stored(candidate.released_at),
                   static_cast<std::int64_t>(kind_of(candidate))}));
    return {};
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
    return {};
}

Result<> drop_candidate(SqliteDb& db, std::string_view repository, std::string_view digest) {
    CHECK(db.change("DELETE FROM review WHERE repository = ?1 AND digest = ?2", {repository, digest}));
    return {};
}

Result<> settle_candidate(SqliteDb& db, Candidate const& candidate) {
    CHECK(db.change("DELETE FROM review WHERE repository = ?1 AND digest = ?2 AND released_at = ?3",
                    {candidate.repository, candidate.digest.str(), stored(candidate.released_at)}));
    return {};
}

Result<std::optional<Candidate>> find_due(SqliteDb& db, std::string const& repository,
                                          oci::Digest const& digest, ReviewCutoffs const& cutoffs) {
    TRY(auto rows,
        db.query("SELECT released_at, fresh FROM review WHERE repository = ?1 AND digest = ?2 "
                 "AND released_at <= CASE fresh WHEN 0 THEN ?3 WHEN 1 THEN ?4 ELSE released_at END",
                 {repository, digest.str(), stored(cutoffs.released_before), stored(cutoffs.fresh_before)}));
    return candidate_in(rows, repository, digest);
}

}  // namespace ocilot::meta
