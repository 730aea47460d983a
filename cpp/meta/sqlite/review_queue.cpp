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

}  // namespace

Result<> add_unless_queued(SqliteDb& db, Candidate const& candidate) {
    CHECK(
        db.change("INSERT INTO review (repository, digest, released_at, fresh) VALUES (?1, ?2, ?3, ?4) "
                  "ON CONFLICT DO NOTHING",
                  {candidate.repository, candidate.digest.str(), stored(candidate.released_at),
                   std::int64_t{candidate.fresh}}));
    return {};
}

Result<> add_candidate(SqliteDb& db, Candidate const& candidate) {
    CHECK(
        db.change("INSERT INTO review (repository, digest, released_at, fresh) VALUES (?1, ?2, ?3, ?4) "
                  "ON CONFLICT (repository, digest) DO UPDATE SET released_at = excluded.released_at, "
                  "fresh = excluded.fresh WHERE excluded.released_at >= released_at",
                  {candidate.repository, candidate.digest.str(), stored(candidate.released_at),
                   std::int64_t{candidate.fresh}}));
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

Result<std::optional<std::int64_t>> due_since(SqliteDb& db, std::string_view repository,
                                              std::string_view digest, ReviewCutoffs const& cutoffs) {
    return first_number(db,
                        "SELECT released_at FROM review WHERE repository = ?1 AND digest = ?2 "
                        "AND released_at <= CASE fresh WHEN 0 THEN ?3 ELSE ?4 END",
                        {repository, digest, stored(cutoffs.released_before), stored(cutoffs.fresh_before)});
}

}  // namespace ocilot::meta
