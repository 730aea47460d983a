#pragma once

#include "server/limits.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace ocilot::server {

/// Whether a body comes fast enough. Time is an account: every byte pays for 1 / rate seconds, waiting for
/// bytes spends. It starts with the grace and never holds more than the idle time, so that nobody can send
/// fast for a while and then hold a connection for ever. Time that the registry itself needs does not count.
class MinimumBodyRate {
  public:
    explicit MinimumBodyRate(Limits const& limits) noexcept
        : rate_(limits.body_rate),
          most_(limits.idle_time),
          left_(std::min<std::chrono::microseconds>(limits.body_grace, most_)) {}

    /// How long the next bytes may take; never zero.
    [[nodiscard]] std::chrono::milliseconds time_left() const noexcept {
        using std::chrono::milliseconds;
        if (rate_ == 0) return std::chrono::duration_cast<milliseconds>(most_);
        return std::max(std::chrono::duration_cast<milliseconds>(left_), milliseconds(1));
    }

    /// `bytes` came after `waited`. A clock that was set meanwhile costs what there was, and no more.
    void received(std::chrono::microseconds waited, std::size_t bytes) noexcept {
        if (rate_ == 0) return;
        auto const rest = left_ - std::clamp(waited, std::chrono::microseconds(0), left_);
        auto const earned =
            std::chrono::duration<double>(static_cast<double>(bytes) / static_cast<double>(rate_));
        left_ = std::min(most_, rest + std::chrono::duration_cast<std::chrono::microseconds>(earned));
    }

  private:
    std::uint64_t rate_;  // Bytes a second; 0: none is asked for.
    std::chrono::microseconds most_;
    std::chrono::microseconds left_;
};

}  // namespace ocilot::server
