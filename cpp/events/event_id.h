#pragma once

#include "base/clock.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace ocilot::events {

/// The id of the event `index` of a change: a UUID (version 8, RFC 9562) that follows from the change's time
/// and id, so that it is the same over attempts, replays and restarts, and another one for what happens after
/// a backup was restored. Sorts by time.
[[nodiscard]] std::string event_id(Time time, std::int64_t change, std::size_t index);

}  // namespace ocilot::events
