#pragma once

#include <array>
#include <cstddef>
#include <mutex>
#include <span>

namespace ocilot {

/// Where unguessable bytes come from; tests pass their own.
class Random {
  public:
    virtual ~Random() = default;
    virtual void fill(std::span<std::byte> out) = 0;
};

/// The operating system's generator, asked for many bytes at a time. Thread-safe.
class SystemRandom final : public Random {
  public:
    void fill(std::span<std::byte> out) override;

  private:
    std::mutex mutex_;
    std::array<std::byte, 1024> ahead_{};  // The last `left_` bytes are fresh; used ones are wiped.
    std::size_t left_ = 0;
};

}  // namespace ocilot
