#include "events/encode.h"

#include "events/chat_message.h"
#include "events/cloud_event.h"
#include "events/distribution_envelope.h"

namespace ocilot::events {

std::optional<Payload> encode(Packing packing, std::span<Event const> events, Source const& source) {
    switch (packing.format) {
        case Format::cloudevents:
            if (packing.several) return cloud_event_batch(events, source);
            return structured_cloud_event(events.front(), source);
        case Format::cloudevents_binary:
            return binary_cloud_event(events.front(), source);
        case Format::distribution: {
            auto body = distribution_envelope(events, source);
            if (!body) return std::nullopt;
            return Payload{.id = batch_id(events),
                           .content_type = std::string(distribution_media_type),
                           .body = std::move(*body)};
        }
        default: {
            auto body = chat_message(packing.format, events);
            if (!body) return std::nullopt;
            return Payload{
                .id = batch_id(events), .content_type = "application/json", .body = std::move(*body)};
        }
    }
}

bool is_told(Format format, Event const& event) {
    if (format == Format::distribution) return distribution_action(event).has_value();
    return !is_chat(format) || !chat_line(event).empty();
}

}  // namespace ocilot::events
