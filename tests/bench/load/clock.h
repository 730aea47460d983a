#pragma once

#include <chrono>
#include <cstdint>

namespace ocilot::load {

/// Nanoseconds of the monotonic clock, or a length of time.
using Nanos = std::int64_t;

constexpr Nanos millisecond = 1'000'000;
constexpr Nanos second = 1'000 * millisecond;

inline Nanos now() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

inline Nanos nanos(double seconds) {
    return static_cast<Nanos>(seconds * static_cast<double>(second));
}

inline double seconds(Nanos nanos) {
    return static_cast<double>(nanos) / static_cast<double>(second);
}

}  // namespace ocilot::load
