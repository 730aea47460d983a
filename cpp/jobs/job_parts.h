#pragma once

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "meta/leases.h"

#include <chrono>
#include <string>

namespace ocilot::jobs {

/// What the rounds of all jobs need; borrowed.
struct JobParts {
    Clock const& clock;
    Log const& log;
    Metrics& metrics;
    meta::Leases& leases;
    std::string holder;  ///< of the leases; unique among all processes that share the data
    std::chrono::milliseconds lease_renewal{20'000};
};

}  // namespace ocilot::jobs
