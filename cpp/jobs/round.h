#pragma once

#include "base/result.h"
#include "base/task.h"

#include <atomic>
#include <chrono>

namespace ocilot::jobs {

/// A round of a job that is under way: tells the job whether it was cancelled, and waits so that cancelling
/// ends the wait. A round looks at it between its steps.
class Round {
  public:
    using Ticks = std::chrono::steady_clock;

    Round() = default;
    Round(Round const&) = delete;
    Round& operator=(Round const&) = delete;

    [[nodiscard]] bool cancelled() const noexcept { return cancelled_.load(std::memory_order_relaxed); }
    /// Whether a client asked for it; else it is due by the schedule.
    [[nodiscard]] bool requested() const noexcept { return requested_; }
    /// cancelled if it was.
    [[nodiscard]] Result<> check() const;
    /// Returns at that time, or earlier with cancelled.
    Task<Result<>> pause_until(Ticks::time_point time) const;

    /// From any thread. A wait ends when the round's Task is cancelled too.
    void cancel() noexcept { cancelled_.store(true, std::memory_order_relaxed); }
    /// For the next round, before it begins.
    void reset(bool requested = false) noexcept {
        cancelled_.store(false, std::memory_order_relaxed);
        requested_ = requested;
    }

  private:
    std::atomic<bool> cancelled_{false};
    bool requested_ = false;
};

}  // namespace ocilot::jobs
