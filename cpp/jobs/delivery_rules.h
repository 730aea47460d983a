#pragma once

#include "base/random.h"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace ocilot::jobs {

/// When a receiver that fails is tried again.
struct DeliveryRules {
    std::uint64_t threshold = 10;              ///< failures in a row after which it rests
    std::chrono::milliseconds backoff{5'000};  ///< after the first failure; doubles with each
    std::chrono::milliseconds longest{3'600'000};
    std::uint64_t attempts = 80;     ///< of one change, then it is parked
    std::uint64_t rejections = 5;    ///< the same for one that the receiver does not want
    std::size_t max_waiting = 1000;  ///< set aside at most, beside replays; then it goes no further
};

/// How long to wait after so many failures: backoff times two to the power of one less, at most the longest,
/// and of that a random part of at least half, so that receivers are not met by all senders at once.
[[nodiscard]] std::chrono::milliseconds delivery_delay(DeliveryRules const& rules, std::uint64_t failures,
                                                       Random& random);

}  // namespace ocilot::jobs
