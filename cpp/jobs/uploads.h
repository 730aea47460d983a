#pragma once

#include "base/log.h"
#include "base/metrics.h"
#include "blob/upkeep.h"
#include "jobs/round.h"
#include "registry/registry.h"

#include <chrono>
#include <cstddef>

namespace ocilot::jobs {

/// Ends upload sessions whose last byte came more than `age` ago, by a clock that nobody sets, and removes
/// their bytes without opening them; one that is being written to is left for the next round, as is one that
/// cannot be removed: it is logged and counted. Answers how many ended. Metrics:
/// `ocilot_uploads_not_expired_total`.
Task<Result<std::size_t>> expire_uploads(registry::Registry& registry, std::chrono::seconds age,
                                         Round const& round, Log const& log, Metrics& metrics);

/// Takes over the sessions of the process before, whose `age` decides when they expire (0: never). Time in
/// which the registry did not run, beyond a day or half of `age`, does not count as idle, nor does a jump of
/// the clock from one start to the next. What expires then is never too young, but may be older than `age`.
Task<Result<>> adopt_uploads(registry::Registry& registry, std::chrono::seconds age);

/// Removes received bytes that no session knows: what a crash left behind. Only before requests are served,
/// and only in a store that no other process works on, since bytes come before their session is recorded.
/// Answers how many uploads went.
Task<Result<std::size_t>> sweep_orphaned_uploads(registry::Registry& registry, blob::BlobUpkeep& store);

}  // namespace ocilot::jobs
