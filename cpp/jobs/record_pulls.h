#pragma once

#include "base/log.h"
#include "registry/registry.h"

#include <cstddef>

namespace ocilot::jobs {

/// Records the pulls that were counted since the last time, in pieces between which other writes pass.
/// Those that are events are so with the same transaction. Answers for how many tags and manifests. What
/// cannot be recorded is part of the next batch.
Task<Result<std::size_t>> record_pulls(registry::Registry& registry);
/// The same as a round of a job, which logs what was dropped.
Task<Result<std::size_t>> record_pulls(registry::Registry& registry, Log const& log);

}  // namespace ocilot::jobs
