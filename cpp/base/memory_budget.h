#pragma once

#include "base/metrics.h"
#include "base/result.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string_view>
#include <utility>

namespace ocilot {

/// Bytes that many requests may hold together. A share is taken before the memory is, and given back when its
/// owner goes. Thread-safe; outlives its shares.
class MemoryBudget {
  public:
    using Ticks = std::chrono::steady_clock;

    /// `limit` 0: any number. In the metrics it is `ocilot_memory_budget_*`, labelled `name`.
    MemoryBudget(std::size_t limit, Metrics& metrics, std::string_view name);
    MemoryBudget(MemoryBudget const&) = delete;
    MemoryBudget& operator=(MemoryBudget const&) = delete;

    /// What one owner holds of it; nothing at first.
    class Reservation {
      public:
        /// `of` may be null: then it holds as much as it is asked to, and nobody counts.
        explicit Reservation(MemoryBudget* of) noexcept : of_(of) {}
        Reservation(Reservation&& other) noexcept
            : of_(other.of_), bytes_(std::exchange(other.bytes_, 0)), since_(other.since_) {}
        Reservation& operator=(Reservation&&) = delete;
        ~Reservation() { reset(); }

        /// Holds `bytes` in all, if that is more than now. unavailable, saying when to come back, if the
        /// budget does not have as many; then it holds what it held.
        Result<> reserve(std::size_t bytes);
        /// The same; false instead of an error, which nothing counts.
        bool try_reserve(std::size_t bytes) noexcept;
        [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
        void reset() noexcept;

      private:
        MemoryBudget* of_;
        std::size_t bytes_ = 0;
        Ticks::time_point since_{};  // When it began to hold something.
    };

    [[nodiscard]] std::size_t used() const noexcept { return used_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::size_t limit() const noexcept { return limit_; }

  private:
    bool take(std::size_t bytes) noexcept;
    void give_back(std::size_t bytes, Ticks::duration held) noexcept;
    /// Seconds that a share is held on average: then there is room again.
    [[nodiscard]] unsigned average_wait() const noexcept;

    std::size_t const limit_;
    std::atomic<std::size_t> used_{0};
    std::atomic<std::int64_t> average_hold_ms_{0};  // Moving average of the time that shares are held.
    Gauge& gauge_;
    Counter& refused_;
};

/// Seconds for `Retry-After` that a duration is: at least one, at most an hour.
[[nodiscard]] unsigned retry_seconds(std::chrono::milliseconds wait) noexcept;

}  // namespace ocilot
