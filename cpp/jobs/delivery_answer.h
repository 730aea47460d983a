#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace ocilot::jobs {

/// What became of an attempt to deliver.
enum class DeliveryVerdict : std::uint8_t {
    delivered,
    unavailable,  ///< the receiver can take nothing now: not reached, not in time, overloaded
    failed,       ///< it answered with an error of its own
    rejected,     ///< it does not want this one: tried a few times more
    gone,         ///< it wants this one never again
    cancelled,    ///< the registry stops
};

/// The answer to an attempt.
struct DeliveryAnswer {
    DeliveryVerdict verdict = DeliveryVerdict::delivered;
    std::string error = {};               ///< one clear line, without credentials
    std::chrono::seconds retry_after{0};  ///< what the receiver asked for
};

}  // namespace ocilot::jobs
