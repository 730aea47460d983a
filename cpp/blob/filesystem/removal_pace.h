#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace ocilot::blob {

/// How many of the blobs that are removed at once a thread takes: as many as it removes in some milliseconds.
/// Where each waits for the disk, as on a file system that discards what it frees, that is few, and many
/// threads wait side by side; in memory it is all, and few threads have the work. Thread-safe.
class RemovalPace {
  public:
    using Ticks = std::chrono::steady_clock;

    [[nodiscard]] std::size_t at_once() const noexcept {
        auto const each = std::max<std::chrono::nanoseconds>(each_.load(), std::chrono::nanoseconds(1));
        return std::clamp(static_cast<std::size_t>(turn / each), fewest, most);
    }
    /// Notes that so many took so long on one thread.
    void note(std::size_t blobs, Ticks::duration took) noexcept {
        if (blobs == 0) return;
        auto const before = each_.load();
        each_.store(before + (took / static_cast<std::int64_t>(blobs) - before) / 8);
    }

  private:
    static constexpr std::chrono::milliseconds turn{2};
    static constexpr std::size_t fewest = 8;
    static constexpr std::size_t most = 64;

    /// The average of late. Of two threads that note at once the later one counts.
    std::atomic<std::chrono::nanoseconds> each_{std::chrono::microseconds(100)};
};

}  // namespace ocilot::blob
