#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ocilot::events {

/// How a receiver gets its events.
enum class Format : std::uint8_t {
    distribution,        ///< the envelope of distribution's notifications
    cloudevents,         ///< CloudEvents 1.0, structured; several at once as a batch
    cloudevents_binary,  ///< CloudEvents 1.0, binary: attributes in headers, one in a request
    slack,               ///< messages of an incoming webhook
    teams,               ///< an adaptive card
    discord,
};

/// `distribution`, `cloudevents`, `cloudevents-binary`, `slack`, `teams`, `discord`.
[[nodiscard]] std::string_view to_string(Format format) noexcept;
[[nodiscard]] std::optional<Format> parse_format(std::string_view word) noexcept;
/// Whether people read it.
[[nodiscard]] bool is_chat(Format format) noexcept;

}  // namespace ocilot::events
