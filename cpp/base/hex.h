#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

namespace ocilot {

namespace detail {

/// Digits of a hash are random: a table costs a processor less than branches it cannot foresee.
inline constexpr auto hex_values = [] {
    std::array<std::int8_t, 256> values{};
    values.fill(-1);
    for (int digit = 0; digit < 16; ++digit) {
        values[static_cast<unsigned char>("0123456789abcdef"[digit])] = static_cast<std::int8_t>(digit);
    }
    return values;
}();

/// The two digits of each byte.
inline constexpr auto hex_pairs = [] {
    constexpr char digits[] = "0123456789abcdef";
    std::array<std::array<char, 2>, 256> pairs{};
    for (std::size_t byte = 0; byte < pairs.size(); ++byte) {
        pairs[byte] = {digits[byte >> 4], digits[byte & 15]};
    }
    return pairs;
}();

}  // namespace detail

/// Value of a lower-case hexadecimal digit, or -1.
constexpr int hex_value(char c) noexcept {
    return detail::hex_values[static_cast<unsigned char>(c)];
}

/// Appends two lower-case hexadecimal digits a byte.
inline void append_hex(std::string& out, std::span<std::byte const> bytes) {
    auto const start = out.size();
    out.resize(start + 2 * bytes.size());
    auto* to = out.data() + start;
    for (auto const byte : bytes) {
        std::memcpy(to, detail::hex_pairs[static_cast<std::size_t>(byte)].data(), 2);
        to += 2;
    }
}

}  // namespace ocilot
