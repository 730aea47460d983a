#include "events/format.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace ocilot::events {

namespace {

constexpr std::array<std::string_view, 6> format_words{"distribution", "cloudevents", "cloudevents-binary",
                                                       "slack",        "teams",       "discord"};

}  // namespace

std::string_view to_string(Format format) noexcept {
    return format_words[static_cast<std::size_t>(format)];
}

std::optional<Format> parse_format(std::string_view word) noexcept {
    auto const* const found = std::ranges::find(format_words, word);
    if (found == format_words.end()) return std::nullopt;
    return static_cast<Format>(found - format_words.begin());
}

bool is_chat(Format format) noexcept {
    return format == Format::slack || format == Format::teams || format == Format::discord;
}

}  // namespace ocilot::events
