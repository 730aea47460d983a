#pragma once

#include "clock.h"
#include "options.h"
#include "random.h"

#include <cstdint>
#include <limits>
#include <optional>

namespace ocilot::load {

/// When operations start, and which of them count: those meant to start after the warm-up.
///
/// Closed loop: whenever a connection is free. Open loop: at arrival times that do not wait for free
/// connections; an operation that starts late was still meant to start when it arrived, so what it waited
/// belongs to its latency.
class Schedule {
  public:
    static constexpr Nanos never = std::numeric_limits<Nanos>::max();

    /// The limits of `options` apply from `start` on.
    Schedule(Options const& options, Nanos start, std::uint64_t seed);

    /// A connection is free: when the operation it may start now was meant to start, or nothing for now.
    std::optional<Nanos> take(Nanos now);
    /// Nothing more will start.
    [[nodiscard]] bool exhausted(Nanos now) const noexcept;

    [[nodiscard]] bool open_loop() const noexcept { return gap_ > 0; }
    /// When the next operation arrives; only of an open loop.
    [[nodiscard]] Nanos next_arrival() const noexcept { return next_; }
    [[nodiscard]] bool counts(Nanos meant) const noexcept { return meant >= measured_from_; }
    [[nodiscard]] Nanos measured_from() const noexcept { return measured_from_; }
    /// `never` when a number of requests ends the run.
    [[nodiscard]] Nanos end() const noexcept { return end_; }

  private:
    Nanos arrival_after(Nanos arrival);

    Nanos measured_from_;
    Nanos end_ = never;
    std::uint64_t left_ = std::numeric_limits<std::uint64_t>::max();
    double gap_ = 0;  // mean nanoseconds between arrivals
    bool poisson_;
    Nanos next_;
    double fraction_ = 0;  // of a nanosecond, so that gaps do not add up their rounding
    Random random_;
};

}  // namespace ocilot::load
