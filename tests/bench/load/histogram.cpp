#include "histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace ocilot::load {

// Values below 2^sub_bits have a bucket each; octave n above them shares 2^sub_bits buckets of the width 2^n
// / 2.
std::size_t Histogram::bucket(std::uint64_t value) noexcept {
    auto const width = static_cast<unsigned>(std::bit_width(value));
    if (width <= sub_bits) return static_cast<std::size_t>(value);
    unsigned const octave = width - sub_bits;
    auto const inside = static_cast<std::size_t>(value >> (octave - 1)) - (std::size_t{1} << (sub_bits));
    return (std::size_t{octave} << sub_bits) + inside;
}

Nanos Histogram::middle(std::size_t bucket) noexcept {
    auto const octave = static_cast<unsigned>(bucket >> sub_bits);
    auto const inside = bucket & ((std::size_t{1} << sub_bits) - 1);
    if (octave == 0) return static_cast<Nanos>(inside);
    auto const low = (inside + (std::size_t{1} << sub_bits)) << (octave - 1);
    return static_cast<Nanos>(low + (std::size_t{1} << (octave - 1)) / 2);
}

void Histogram::record(Nanos value) noexcept {
    constexpr Nanos longest = (Nanos{1} << max_bits) - 1;
    value = std::clamp(value, Nanos{0}, longest);
    ++counts_[bucket(static_cast<std::uint64_t>(value))];
    ++count_;
    max_ = std::max(max_, value);
}

void Histogram::merge(Histogram const& other) noexcept {
    for (std::size_t i = 0; i < buckets; ++i) counts_[i] += other.counts_[i];
    count_ += other.count_;
    max_ = std::max(max_, other.max_);
}

Nanos Histogram::quantile(double q) const noexcept {
    if (count_ == 0) return 0;
    auto const wanted = std::max(1.0, std::ceil(q * static_cast<double>(count_)));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets; ++i) {
        seen += counts_[i];
        if (static_cast<double>(seen) >= wanted) return std::min(middle(i), max_);
    }
    return max_;
}

}  // namespace ocilot::load
