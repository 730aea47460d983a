#include "base/request_record.h"

#include <algorithm>

namespace ocilot {

namespace {

/// Not in the middle of a character.
std::string_view cut_text(std::string_view text, std::size_t most) noexcept {
    if (text.size() <= most) return text;
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
    return text.substr(0, most);
}

bool is_lower_hex(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/// A field of a `traceparent`: what is there, and whether it may be nothing but zeros.
bool is_hex_field(std::string_view field, bool may_be_zero) noexcept {
    return std::ranges::all_of(field, is_lower_hex) &&
           (may_be_zero || field.find_first_not_of('0') != std::string_view::npos);
}

}  // namespace

RequestRecord::RequestRecord(Parts const& parts) {
    std::array<std::string_view, 6> const cut{cut_text(parts.method, max_word),
                                              cut_text(parts.scheme, max_word),
                                              cut_text(parts.host, max_host),
                                              cut_text(parts.path, max_path),
                                              cut_text(parts.user_agent, max_user_agent),
                                              cut_text(parts.traceparent, traceparent_size)};
    std::size_t size = 0;
    for (auto const part : cut) size += part.size();
    text_.reserve(size);
    for (std::size_t at = 0; at < cut.size(); ++at) {
        text_ += cut[at];
        ends_[at] = static_cast<std::uint16_t>(text_.size());
    }
}

bool is_traceparent(std::string_view text) noexcept {
    if (text.size() != RequestRecord::traceparent_size) return false;
    if (text[2] != '-' || text[35] != '-' || text[52] != '-') return false;
    auto const version = text.substr(0, 2);
    return version != "ff" && is_hex_field(version, true) && is_hex_field(text.substr(3, 32), false) &&
           is_hex_field(text.substr(36, 16), false) && is_hex_field(text.substr(53), true);
}

}  // namespace ocilot
