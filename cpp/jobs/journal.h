#pragma once

#include "base/clock.h"
#include "jobs/round.h"
#include "meta/journal.h"

#include <chrono>
#include <cstddef>

namespace ocilot::jobs {

/// Forgets entries of the journal older than `age` (0: none), in pieces that let other writes through. `now`
/// is of a clock that is not set while the process runs. Answers how many were removed.
Task<Result<std::size_t>> prune_journal(meta::Journal& journal, Time now, std::chrono::seconds age,
                                        Round const& round);

}  // namespace ocilot::jobs
