#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
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

}  // namespace detail

/// Value of a lower-case hexadecimal digit, or -1.
constexpr int hex_value(char c) noexcept {
    return detail::hex_values[static_cast<unsigned char>(c)];
}

/// Appends two lower-case hexadecimal digits a byte.
inline void append_hex(std::string& out, std::span<std::byte const> bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    auto const start = out.size();
    out.resize(start + 2 * bytes.size());
    auto* to = out.data() + start;
    for (auto const byte : bytes) {
        *to++ = digits[static_cast<unsigned>(byte) >> 4];
        *to++ = digits[static_cast<unsigned>(byte) & 15];
    }
}

}  // namespace ocilot
