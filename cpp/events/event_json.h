#pragma once

#include "base/json_text.h"
#include "events/event.h"

#include <string>

namespace ocilot::events {

/// The event as receivers get it, in the order of the documentation: CloudEvents' data and what streams and
/// the API answer. Members without a value are left out; what is not UTF-8 is replaced. A promise: members
/// are added, never changed.
[[nodiscard]] std::string json_text(Event const& event);

/// Adds the same members to an object that has others, too.
void add_members(JsonObject& object, Event const& event);

}  // namespace ocilot::events
