#pragma once

#include <algorithm>
#include <chrono>

namespace ocilot::net {

/// Time that several operations share; zero = as long as it takes.
class TimeBudget {
  public:
    explicit TimeBudget(std::chrono::milliseconds limit) noexcept
        : late_(limit.count() > 0 ? Ticks::now() + limit : Ticks::time_point::max()) {}

    /// A part of it, of `limit` at most.
    [[nodiscard]] TimeBudget within(std::chrono::milliseconds limit) const noexcept {
        TimeBudget part(limit);
        part.late_ = std::min(part.late_, late_);
        return part;
    }
    [[nodiscard]] bool spent() const noexcept {
        return late_ != Ticks::time_point::max() && Ticks::now() >= late_;
    }
    /// For Conn::expires_after: zero if there is no limit, and a little if it is spent.
    [[nodiscard]] std::chrono::milliseconds left() const noexcept {
        using std::chrono::milliseconds;
        if (late_ == Ticks::time_point::max()) return milliseconds::zero();
        return std::max(std::chrono::ceil<milliseconds>(late_ - Ticks::now()), milliseconds(1));
    }

  private:
    using Ticks = std::chrono::steady_clock;
    Ticks::time_point late_;
};

}  // namespace ocilot::net
