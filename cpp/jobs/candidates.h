#pragma once

#include "meta/change.h"
#include "meta/collection.h"

#include <cstddef>
#include <span>
#include <vector>

namespace ocilot::jobs {

/// What a change may have left without need, for the garbage collection: what a tag pointed to before, what
/// was removed, and what was pushed and may never be named. Nothing for refusals and for changes of other
/// kinds.
[[nodiscard]] std::vector<meta::Candidate> candidates_of(meta::Change const& change);

/// The first ones, as long as they are of one repository; of candidates, not empty.
[[nodiscard]] std::span<meta::Candidate const> of_one_repository(std::span<meta::Candidate const> candidates);
[[nodiscard]] std::vector<oci::Digest> digests_of(std::span<meta::Candidate const> candidates);

}  // namespace ocilot::jobs
