#pragma once

#include "events/event.h"

#include <nlohmann/json_fwd.hpp>

namespace ocilot::events {

/// The event as receivers get it, in the order of the documentation: CloudEvents' data and what streams and
/// the API answer. Members without a value are left out. A promise: members are added, never changed.
[[nodiscard]] nlohmann::ordered_json to_json(Event const& event);

}  // namespace ocilot::events
