#pragma once

#include <cstddef>
#include <string_view>

namespace ocilot {

/// Length in bytes (1 to 4) of the well-formed UTF-8 sequence that `text` starts with, or 0 if there is none
/// (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
constexpr std::size_t utf8_sequence_length(std::string_view text) noexcept {
    if (text.empty()) return 0;
    auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    auto const lead = byte(0);
    if (lead < 0x80) return 1;
    std::size_t const length = lead >= 0xC2 && lead <= 0xDF   ? 2
                               : (lead & 0xF0) == 0xE0        ? 3
                               : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                              : 0;
    if (length == 0 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0) != 0x80) return 0;
    }
    if ((lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) > 0x9F)) return 0;
    if ((lead == 0xF0 && byte(1) < 0x90) || (lead == 0xF4 && byte(1) > 0x8F)) return 0;
    return length;
}

/// Whether all of `text` is well-formed UTF-8.
constexpr bool is_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        auto const length = utf8_sequence_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

}  // namespace ocilot
