#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace ocilot::deflate {

inline constexpr std::uint32_t min_match = 3;
inline constexpr std::uint32_t max_match = 258;
inline constexpr std::size_t literal_symbols = 286;
inline constexpr std::size_t distance_symbols = 30;
inline constexpr std::size_t end_of_block = 256;
inline constexpr std::size_t first_length = 257;

/// Symbols of lengths and distances: the first value of each, and how many more bits follow (RFC
/// 1951, 3.2.5).
struct Codes {
    std::array<std::uint16_t, 29> length_base{};
    std::array<std::uint8_t, 29> length_bits{};
    std::array<std::uint16_t, 30> distance_base{};
    std::array<std::uint8_t, 30> distance_bits{};
    std::array<std::uint8_t, 256> of_length{};         ///< By length - 3.
    std::array<std::uint8_t, 256> of_near_distance{};  ///< By distance - 1.
    std::array<std::uint8_t, 256> of_far_distance{};   ///< By (distance - 1) / 128.

    constexpr Codes() {
        std::uint16_t next = min_match;
        for (std::uint8_t code = 0; code < 28; ++code) {
            length_base[code] = next;
            length_bits[code] = static_cast<std::uint8_t>(code < 8 ? 0 : (code - 4) / 4);
            for (int i = 0; i < 1 << length_bits[code] && next <= max_match; ++i, ++next) {
                of_length[next - min_match] = code;
            }
        }
        length_base[28] = max_match;  // Has a symbol of its own.
        of_length[max_match - min_match] = 28;
        std::uint32_t distance = 1;
        for (std::uint8_t code = 0; code < 30; ++code) {
            distance_base[code] = static_cast<std::uint16_t>(distance);
            distance_bits[code] = static_cast<std::uint8_t>(code < 4 ? 0 : (code - 2) / 2);
            for (int i = 0; i < 1 << distance_bits[code]; ++i, ++distance) {
                if (distance <= 256) of_near_distance[distance - 1] = code;
                of_far_distance[(distance - 1) / 128] = code;
            }
        }
    }

    [[nodiscard]] constexpr std::size_t length(std::uint32_t value) const {
        return of_length[value - min_match];
    }
    [[nodiscard]] constexpr std::size_t distance(std::uint32_t value) const {
        return value <= 256 ? of_near_distance[value - 1] : of_far_distance[(value - 1) / 128];
    }
};

inline constexpr Codes codes{};

}  // namespace ocilot::deflate
