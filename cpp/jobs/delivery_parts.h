#pragma once

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "meta/store.h"
#include "registry/registry.h"

#include <string>

namespace ocilot::jobs {

/// What delivering needs; borrowed.
struct DeliveryParts {
    meta::MetaStore& meta;
    Clock const& clock;  ///< that is not set while the process runs
    Random& random;
    Log const& log;
    Metrics& metrics;
    std::string holder = {};  ///< of the leases; unique among all processes that share the data
    registry::Registry* registry = nullptr;  ///< whose images' platforms are in events; null: none are
};

}  // namespace ocilot::jobs
