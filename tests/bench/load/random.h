#pragma once

#include <cstddef>
#include <cstdint>

namespace ocilot::load {

/// A small repeatable generator (SplitMix64): a nanosecond a number, good enough for choosing and for filling
/// blobs.
class Random {
  public:
    explicit Random(std::uint64_t seed) noexcept : state_{seed} {}

    std::uint64_t next() noexcept {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31U);
    }

    /// 0 <= x < 1.
    double fraction() noexcept { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }

    /// 0 <= x < `count`, which is not 0.
    std::size_t below(std::size_t count) noexcept {
        return static_cast<std::size_t>(fraction() * static_cast<double>(count));
    }

  private:
    std::uint64_t state_;
};

}  // namespace ocilot::load
