#pragma once

#include "base/clock.h"
#include "jobs/round.h"
#include "meta/catalog.h"

#include <chrono>
#include <cstddef>

namespace ocilot::jobs {

/// How much of the histories of tags is kept.
struct HistoryLimits {
    std::chrono::seconds age{0};  ///< 0: entries of any age
    std::size_t per_tag = 0;      ///< 0: any number of entries
};

/// Walks over the histories of all tags and removes what is beyond the limits, in pieces that let other
/// writes through. `now` is of a clock that is not set while the process runs. Answers how many
/// entries were removed.
Task<Result<std::size_t>> prune_tag_history(meta::Catalog& catalog, Time now, HistoryLimits limits,
                                            Round const& round);

}  // namespace ocilot::jobs
