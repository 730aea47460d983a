#include "oci/duplicate_keys.h"

#include <algorithm>
#include <functional>
#include <span>

namespace ocilot::oci {

void DuplicateKeys::push(std::string_view key) {
    keys_.push_back({std::hash<std::string_view>{}(key), text_.size(), key.size()});
    text_ += key;
}

std::optional<std::string> DuplicateKeys::close(std::size_t first) {
    auto const closing = std::span(keys_).subspan(first);
    if (closing.empty()) return std::nullopt;
    auto const text_start = closing.front().offset;
    // Numbers sort several times faster than strings; keys made to have one hash fall back to their text.
    std::ranges::sort(closing, [this](Key const& a, Key const& b) {
        return a.hash != b.hash ? a.hash < b.hash : text_of(a) < text_of(b);
    });
    auto const twice = std::ranges::adjacent_find(
        closing, [this](Key const& a, Key const& b) { return a.hash == b.hash && text_of(a) == text_of(b); });
    std::optional<std::string> duplicate;
    if (twice != closing.end()) duplicate = text_of(*twice);
    text_.resize(text_start);
    keys_.resize(first);
    return duplicate;
}

}  // namespace ocilot::oci
