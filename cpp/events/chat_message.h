#pragma once

#include "events/event.h"
#include "events/format.h"

#include <optional>
#include <span>
#include <string>

namespace ocilot::events {

/// One line that says what happened: `ann pushed team/app:v1 (sha256:0a1b2c3d4e5f)`. Empty for what is not
/// told in a chat room: content without a tag, and tags that came with a push, which names them.
[[nodiscard]] std::string chat_line(Event const& event);

/// The body for Slack, Teams or Discord with a line for each event; nullopt if there is none. Texts of
/// clients are escaped, mention no one, and are cut to what the service accepts.
[[nodiscard]] std::optional<std::string> chat_message(Format format, std::span<Event const> events);

}  // namespace ocilot::events
