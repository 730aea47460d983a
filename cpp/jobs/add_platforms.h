#pragma once

#include "base/task.h"
#include "events/event.h"
#include "registry/registry.h"

#include <span>

namespace ocilot::jobs {

/// Adds its platform to each event of a push of an image that can still be read. A push does not read the
/// configuration of its image: this is for those who make events of changes, after it.
Task<> add_platforms(registry::Registry& registry, std::span<events::Event> events);

}  // namespace ocilot::jobs
