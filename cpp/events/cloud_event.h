#pragma once

#include "events/event.h"
#include "events/payload.h"
#include "events/source.h"

#include <span>

namespace ocilot::events {

/// CloudEvents 1.0 over HTTP. `source` is the registry's URL, `type` is `dev.ocilot.ACTION.v1`, `subject` is
/// `REPOSITORY:TAG` or `REPOSITORY@DIGEST`, `dataschema` that of events in the OpenAPI document, where the
/// URL of the registry is known; extensions `sequence`, `partitionkey` and,
/// if the request had one, `traceparent`.
[[nodiscard]] Payload structured_cloud_event(Event const& event, Source const& source);
[[nodiscard]] Payload binary_cloud_event(Event const& event, Source const& source);
[[nodiscard]] Payload cloud_event_batch(std::span<Event const> events, Source const& source);

/// The id of a request with these events, at least one: the same only for the same events.
[[nodiscard]] std::string batch_id(std::span<Event const> events);

}  // namespace ocilot::events
