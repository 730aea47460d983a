#pragma once

#include <cstddef>
#include <span>

namespace ocilot {

/// Where unguessable bytes come from; tests pass their own.
class Random {
  public:
    virtual ~Random() = default;
    virtual void fill(std::span<std::byte> out) = 0;
};

/// The operating system's generator. Thread-safe.
class SystemRandom final : public Random {
  public:
    void fill(std::span<std::byte> out) override;
};

}  // namespace ocilot
