#pragma once

#include "registry/registry.h"

#include <chrono>
#include <cstddef>

namespace ocilot::jobs {

/// Ends upload sessions older than `age` and removes their bytes; one that is being written to is left for
/// the next round. Answers how many ended.
Task<Result<std::size_t>> expire_uploads(registry::Registry& registry, std::chrono::seconds age);

/// Removes received bytes that no session knows: what a crash left behind. Only before requests are served,
/// since a blob pushed in one request has bytes but no session. Answers how many uploads went.
Task<Result<std::size_t>> sweep_orphaned_uploads(registry::Registry& registry);

}  // namespace ocilot::jobs
