#pragma once

#include "events/event.h"

#include <string>

namespace ocilot::events {

/// An event as one compact JSON object: what webhooks, streams and hooks are given. What is not known is left
/// out.
[[nodiscard]] std::string event_json(Event const& event);

}  // namespace ocilot::events
