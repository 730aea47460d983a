#include "oci/tag.h"

#include "base/quote.h"

#include <algorithm>
#include <fmt/format.h>

namespace ocilot::oci {

namespace {

constexpr std::size_t longest_tag = 128;

constexpr bool is_word(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

constexpr bool is_tag_character(char c) noexcept {
    return is_word(c) || c == '.' || c == '-';
}

Error invalid(std::string message) {
    return {Errc::tag_invalid, std::move(message)};
}

}  // namespace

Result<Tag> Tag::parse(std::string_view text) {
    if (text.empty()) return invalid("invalid empty tag: expected 1 to 128 characters");
    if (text.size() > longest_tag) {
        return invalid(fmt::format("invalid tag {}: {} characters exceed the limit of {}", quote(text),
                                   text.size(), longest_tag));
    }
    if (!is_word(text.front())) {
        return invalid(
            fmt::format("invalid tag {}: expected a letter, a digit or '_' at the start", quote(text)));
    }
    if (!std::ranges::all_of(text, is_tag_character)) {
        return invalid(
            fmt::format("invalid tag {}: expected only letters, digits, '_', '.' and '-'", quote(text)));
    }
    return Tag(std::string(text));
}

}  // namespace ocilot::oci
