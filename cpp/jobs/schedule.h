#pragma once

#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/task.h"

#include <chrono>
#include <functional>
#include <string_view>

namespace ocilot::jobs {

/// What runs without a request.
struct Job {
    std::string_view name;          ///< for logs and metrics
    std::chrono::seconds interval;  ///< from the end of one round to the start of the next; a second at least
    std::function<Task<Result<std::size_t>>()> round;  ///< answers how many things it did
    std::chrono::seconds delay{0};                     ///< before the first round
};

/// Runs a job's rounds until cancelled, the first after its delay. A failed round is logged and counted; the
/// next comes in its turn. Metrics: `ocilot_job_rounds_total{job,outcome}`, `ocilot_job_items_total{job}`.
Task<> run_for_ever(Job job, Log const& log, Metrics& metrics);

}  // namespace ocilot::jobs
