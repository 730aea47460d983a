#pragma once

#include "meta/change.h"
#include "meta/collection.h"

#include <vector>

namespace ocilot::jobs {

/// What a change may have left without need, for the garbage collection: what a tag pointed to before, what
/// was removed, and what was pushed and may never be named. Nothing for refusals and for changes of other
/// kinds.
[[nodiscard]] std::vector<meta::Candidate> candidates_of(meta::Change const& change);

}  // namespace ocilot::jobs
