#pragma once

#include "meta/collection.h"
#include "meta/sqlite/db.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace ocilot::meta {

// The rows of the review queue.

/// Adds a candidate; one that is there already keeps the later time.
Result<> add_candidate(SqliteDb& db, Candidate const& candidate);
/// Adds one that a walk has found; one that is there already stays as it is.
Result<> add_unless_queued(SqliteDb& db, Candidate const& candidate);
/// Adds all, but for fresh ones that a tag or a manifest of their repository names by now: when that goes,
/// they are released. Bytes that a walk has found do not wait longer than they do already.
Result<> add_unneeded_candidates(SqliteDb& db, std::vector<Candidate> const& candidates);
/// Adds all that was removed from a repository, each since its removal.
Result<> add_removed_candidates(SqliteDb& db, std::string_view repository);
Result<> drop_candidate(SqliteDb& db, std::string_view repository, std::string_view digest);
/// When the candidate was released, if it is there and due.
Result<std::optional<std::int64_t>> due_since(SqliteDb& db, std::string_view repository,
                                              std::string_view digest, ReviewCutoffs const& cutoffs);

}  // namespace ocilot::meta
