#pragma once

#include "random.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace ocilot::load {

/// Which target is next, as its place in the list: a constant time a choice, whatever the list's length.
class Picker {
  public:
    /// One after the other, and again from the front.
    static Picker in_order(std::size_t count);
    static Picker uniform(std::size_t count);
    /// The n-th target with a share proportional to 1 / n^exponent.
    static Picker zipf(std::size_t count, double exponent);
    /// Each with its share; shares need not add up to 1, but one is above 0.
    static Picker weighted(std::span<double const> shares);

    /// Shares of the ranks 1 to `count` from the points (rank, share of that rank and all before it) of a
    /// measured curve, taken as straight between its points. Ranks past the last point get nothing.
    static std::vector<double> shares(std::span<std::pair<double, double> const> curve, std::size_t count);

    std::size_t next(Random& random) noexcept;
    [[nodiscard]] std::size_t count() const noexcept { return count_; }

  private:
    enum class Kind : std::uint8_t { in_order, uniform, weighted };
    /// Of Vose's alias method: the slot's own target, or else the other one.
    struct Slot {
        double own = 1;
        std::uint32_t other = 0;
    };

    Picker(Kind kind, std::size_t count) : kind_{kind}, count_{count} {}

    Kind kind_;
    std::size_t count_;
    std::size_t place_ = 0;
    std::vector<Slot> slots_;
};

}  // namespace ocilot::load
