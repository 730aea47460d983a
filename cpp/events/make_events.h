#pragma once

#include "events/event.h"
#include "meta/change.h"

#include <vector>

namespace ocilot::events {

/// The events of a change, in order; none for what receivers are not told of, such as accounts and tokens. A
/// manifest that was pushed with tags is also a created tag for each that did not exist; one that moved has a
/// change of its own. A removed manifest is also a deleted tag for each that pointed to it.
[[nodiscard]] std::vector<Event> make_events(meta::Change const& change);

}  // namespace ocilot::events
