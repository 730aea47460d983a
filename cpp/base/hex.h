#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace ocilot {

/// Value of a lower-case hexadecimal digit, or -1.
constexpr int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
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
