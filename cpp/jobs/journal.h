#pragma once

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "jobs/round.h"
#include "meta/store.h"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace ocilot::jobs {

/// How long changes are kept.
struct JournalRules {
    std::chrono::seconds age{0};     ///< for people; 0: for ever
    std::chrono::seconds keep{0};    ///< for consumers that have not passed them; 0: without end
    std::uint64_t keep_entries = 0;  ///< the same by number, beyond `age`; 0: any number
};

/// Forgets changes older than `age` that every consumer has passed, and those that one has not passed when
/// they are beyond `keep` or `keep_entries`, which is logged and counted; what is parked, beyond `keep`. In
/// pieces that let other writes through. `now` is of a clock that is not set while the process runs. Answers
/// how many were removed.
Task<Result<std::size_t>> prune_journal(meta::MetaStore& meta, Time now, JournalRules rules,
                                        Round const& round, Log const& log, Metrics& metrics);

}  // namespace ocilot::jobs
