#pragma once

#include "deflate/codes.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ocilot::deflate {

/// Literals and matches that are not written yet, and how often each symbol occurs.
class Block {
  public:
    /// Symbols of a block: fewer cost more for their codes, more fit their codes worse.
    static constexpr std::size_t capacity = 24'576;

    Block() { symbols_.reserve(capacity); }

    void add_literal(unsigned char byte) {
        symbols_.push_back(byte);
        ++literals_[byte];
        ++bytes_;
    }
    void add_match(std::uint32_t length, std::uint32_t distance) {
        symbols_.push_back((length << 16) | distance);
        ++literals_[first_length + codes.length(length)];
        ++distances_[codes.distance(distance)];
        bytes_ += length;
    }
    void clear() {
        symbols_.clear();
        literals_.fill(0);
        distances_.fill(0);
        bytes_ = 0;
    }

    [[nodiscard]] bool full() const noexcept { return symbols_.size() >= capacity; }
    /// Bytes of input that it stands for.
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    /// A literal is its byte; a match is its length in the upper half and its distance in the lower.
    [[nodiscard]] std::span<std::uint32_t const> symbols() const noexcept { return symbols_; }
    [[nodiscard]] std::span<std::uint32_t const> literals() const noexcept { return literals_; }
    [[nodiscard]] std::span<std::uint32_t const> distances() const noexcept { return distances_; }

  private:
    std::vector<std::uint32_t> symbols_;
    std::array<std::uint32_t, literal_symbols> literals_{};
    std::array<std::uint32_t, distance_symbols> distances_{};
    std::uint64_t bytes_ = 0;
};

}  // namespace ocilot::deflate
