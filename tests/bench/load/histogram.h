#pragma once

#include "clock.h"

#include <array>
#include <cstdint>

namespace ocilot::load {

/// Latencies in buckets whose width grows with the value: 256 buckets an octave, so that a quantile is off by
/// less than 0.25 %, in 70 KB whatever the count. Values of 1 ns to 18 minutes; longer ones count as that.
class Histogram {
  public:
    void record(Nanos value) noexcept;
    void merge(Histogram const& other) noexcept;

    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    /// The smallest value that the share `q` (0 to 1) of all values does not exceed; 0 when there is none.
    [[nodiscard]] Nanos quantile(double q) const noexcept;
    /// Exact.
    [[nodiscard]] Nanos max() const noexcept { return max_; }

  private:
    static constexpr unsigned sub_bits = 8;   // 2^8 buckets an octave
    static constexpr unsigned max_bits = 40;  // 2^40 ns = 18 minutes
    static constexpr std::size_t buckets = (max_bits - sub_bits + 1) << sub_bits;

    static std::size_t bucket(std::uint64_t value) noexcept;
    static Nanos middle(std::size_t bucket) noexcept;

    std::array<std::uint64_t, buckets> counts_{};
    std::uint64_t count_ = 0;
    Nanos max_ = 0;
};

}  // namespace ocilot::load
