#pragma once

#include "jobs/round.h"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace ocilot::jobs {

/// A steady pace: so many units a second. Only short delays are made up for: more would be a burst, which
/// others feel.
class Pace {
  public:
    using Ticks = Round::Ticks;

    /// Units a second; 0: as fast as it can. Of each delay at most so much is made up for.
    explicit Pace(std::uint64_t rate, Ticks::duration most_made_up = {}) noexcept
        : rate_(rate), most_made_up_(most_made_up) {}

    /// Notes that so many units were done until now.
    void note(std::uint64_t units, Ticks::time_point now) noexcept {
        if (rate_ == 0) return;
        std::chrono::duration<double> const cost(static_cast<double>(units) / static_cast<double>(rate_));
        next_ = std::max(next_, now - most_made_up_) + std::chrono::duration_cast<Ticks::duration>(cost);
    }
    /// When the next unit is due.
    [[nodiscard]] Ticks::time_point next() const noexcept { return next_; }
    [[nodiscard]] bool is_due(Ticks::time_point now) const noexcept { return now >= next_; }

  private:
    std::uint64_t rate_;
    Ticks::duration most_made_up_;
    Ticks::time_point next_{};
};

}  // namespace ocilot::jobs
