#include "base/request_record.h"

namespace ocilot {

namespace {

/// Not in the middle of a character.
std::string_view cut_text(std::string_view text, std::size_t most) noexcept {
    if (text.size() <= most) return text;
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
    return text.substr(0, most);
}

}  // namespace

RequestRecord::RequestRecord(Parts const& parts) {
    std::array<std::string_view, 5> const cut{
        cut_text(parts.method, max_word), cut_text(parts.scheme, max_word), cut_text(parts.host, max_host),
        cut_text(parts.path, max_path), cut_text(parts.user_agent, max_user_agent)};
    std::size_t size = 0;
    for (auto const part : cut) size += part.size();
    text_.reserve(size);
    for (std::size_t at = 0; at < cut.size(); ++at) {
        text_ += cut[at];
        ends_[at] = static_cast<std::uint16_t>(text_.size());
    }
}

}  // namespace ocilot
