#pragma once

#include "meta/collection.h"
#include "meta/sqlite/db.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::meta {

// The rows of the review queue.

/// Changed by a transaction of the collection, and some more by its last manifest: tens of milliseconds, in
/// which others wait.
inline constexpr std::int64_t most_rows = 2'048;

/// What the column `fresh` of `review` has. Those that are purged are in `review_now`.
enum class QueueKind : std::uint8_t { released, fresh };

/// Adds a candidate; one that is there already keeps the later time.
Result<> add_candidate(SqliteDb& db, Candidate const& candidate);
/// Adds one that a walk has found; one that is there already stays as it is.
Result<> add_unless_queued(SqliteDb& db, Candidate const& candidate);
/// Adds all, but for fresh ones that a tag or a manifest of their repository names by now: when that goes,
/// they are released. Bytes that a walk has found do not wait longer than they do already.
Result<> add_unneeded_candidates(SqliteDb& db, std::vector<Candidate> const& candidates);
/// Adds what a removed manifest names, as due at once: it was kept by that, which is purged. Without what a
/// client deleted: that can be restored for its own time.
Result<> add_named_candidates(SqliteDb& db, std::int64_t removed_manifest, Time released_at);
/// Adds all that was removed from a repository, each since its removal.
Result<> add_removed_candidates(SqliteDb& db, std::string_view repository);
/// After rows of a repository were added to `review`: of two rows of a digest the later one stays.
Result<> keep_one_row_each(SqliteDb& db, std::string_view repository);
Result<> drop_candidate(SqliteDb& db, std::string_view repository, std::string_view digest);
/// Drops it, unless it was released again since it was read.
Result<> settle_candidate(SqliteDb& db, Candidate const& candidate);
/// The candidate, if it is there, whether it is due or not.
Result<std::optional<Candidate>> find_candidate(SqliteDb& db, std::string const& repository,
                                                oci::Digest const& digest);
/// Candidates, each at the place of its digest, if it is there and due.
using DueCandidates = std::vector<std::optional<Candidate>>;
/// So many are looked up in one go if they are side by side in the queue, as those are that `due` answers.
inline constexpr std::size_t looked_up_at_once = 16;
Result<DueCandidates> find_due(SqliteDb& db, std::string const& repository,
                               std::span<oci::Digest const> digests, ReviewCutoffs const& cutoffs);

}  // namespace ocilot::meta
