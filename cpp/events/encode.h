#pragma once

#include "events/event.h"
#include "events/format.h"
#include "events/payload.h"
#include "events/source.h"

#include <optional>
#include <span>

namespace ocilot::events {

/// Whether a request has room for one event or for several.
struct Packing {
    Format format = Format::cloudevents;
    bool several = false;  ///< the same body, whether it is one or more: receivers need not tell them apart
};

/// The request's body for these events, at least one and, without `several`, one. nullopt if this format has
/// no words for any of them: distribution's has four actions, and chat rooms are not told of untagged
/// content.
[[nodiscard]] std::optional<Payload> encode(Packing packing, std::span<Event const> events,
                                            Source const& source);

/// Whether this format has words for an event.
[[nodiscard]] bool is_told(Format format, Event const& event);

}  // namespace ocilot::events
