#pragma once

#include "jobs/round.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace ocilot::jobs {

/// Where several processes share the data: whether each runs a job for itself, or one at a time for all.
enum class JobScope : std::uint8_t { process, registry };

/// What runs without a request.
struct Job {
    /// `expire-uploads`: for the command line, the API, logs and metrics.
    std::string name;
    std::string purpose;  ///< one sentence, an imperative
    /// From the end of one round to the start of the next; a second at least.
    std::chrono::seconds interval;
    /// Does a round, and answers how many items it dealt with. Ends soon after the round is cancelled.
    std::function<Task<Result<std::size_t>>(Round const&)> round;
    std::chrono::seconds first_delay{0};  ///< before the first round
    JobScope scope = JobScope::process;
    bool enabled = true;  ///< whether it has a schedule; without one it runs on request only
};

}  // namespace ocilot::jobs
