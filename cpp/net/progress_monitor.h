#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

namespace ocilot::net {

/// Whether a stream is silent, told from a count of the bytes that moved and from the time of each look at
/// it. Knows no timer. Silence is never shorter than the limit when it ends a stream, and at most half of it
/// longer.
class ProgressMonitor {
  public:
    using Ticks = std::chrono::steady_clock;

    explicit ProgressMonitor(std::chrono::milliseconds limit) noexcept : limit_(limit) {}

    /// From now on looks are taken.
    void watch(Ticks::time_point now, std::uint64_t moved) noexcept {
        moved_ = moved;
        since_ = last_look_ = now;
    }
    [[nodiscard]] bool watched() const noexcept { return moved_.has_value(); }

    /// True if nothing moved for the whole limit.
    [[nodiscard]] bool stalled(Ticks::time_point now, std::uint64_t moved) noexcept {
        if (moved != moved_) since_ = now;
        moved_ = moved;
        last_look_ = now;
        return now - since_ >= limit_;
    }
    /// When to look again.
    [[nodiscard]] Ticks::time_point next_look() const noexcept {
        return std::min(since_ + limit_, last_look_ + limit_ / 4);
    }

  private:
    std::chrono::milliseconds limit_;
    std::optional<std::uint64_t> moved_;  // Bytes at the last look; empty: no look was taken yet.
    Ticks::time_point since_{};           // When the last progress was seen.
    Ticks::time_point last_look_{};
};

}  // namespace ocilot::net
