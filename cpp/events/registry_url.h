#pragma once

#include "events/event.h"
#include "events/source.h"

#include <string>

namespace ocilot::events {

/// Where clients find the registry, without a slash at the end: as it is configured, or else as the request
/// of the event named it. Empty if neither is known.
[[nodiscard]] std::string registry_url(Event const& event, Source const& source);

}  // namespace ocilot::events
