#include "events/cloud_event.h"

#include "base/json_text.h"
#include "events/event_json.h"
#include "events/registry_url.h"
#include "oci/hasher.h"

#include <fmt/format.h>
#include <string_view>
#include <utility>
#include <vector>

namespace ocilot::events {

namespace {

using Attributes = std::vector<std::pair<std::string_view, std::string>>;

std::string subject_of(Event const& event) {
    if (event.repository.empty()) return {};
    if (!event.tag.empty()) return event.repository + ":" + event.tag;
    if (!event.digest.empty()) return event.repository + "@" + event.digest;
    return event.repository;
}

/// Not empty: CloudEvents wants a URI.
std::string source_of(Event const& event, Source const& source) {
    if (!source.url.empty()) return source.url;
    if (!event.host.empty()) {
        return fmt::format("{}://{}", event.scheme.empty() ? "http" : event.scheme, event.host);
    }
    return "urn:ocilot:" + (source.instance.empty() ? "registry" : source.instance);
}

/// Of `data`. An incompatible one would have another version in its path.
std::string schema_of(Event const& event, Source const& source) {
    auto const url = registry_url(event, source);
    return url.empty() ? url : url + "/api/v1/openapi.json#/components/schemas/Event";
}

Attributes attributes_of(Event const& event, Source const& source) {
    Attributes attributes{{"specversion", "1.0"},
                          {"id", event.id},
                          {"source", source_of(event, source)},
                          {"type", fmt::format("dev.ocilot.{}.v1", to_string(event.action))},
                          {"time", rfc3339(event.time)}};
    auto const add_if_any = [&attributes](std::string_view name, std::string value) {
        if (!value.empty()) attributes.emplace_back(name, std::move(value));
    };
    add_if_any("subject", subject_of(event));
    // As its specification has it: texts that sort as the numbers do.
    attributes.emplace_back("sequence", fmt::format("{:020}", event.sequence));
    add_if_any("partitionkey", event.repository);
    // As the extension for distributed tracing has it.
    add_if_any("traceparent", event.traceparent);
    add_if_any("dataschema", schema_of(event, source));
    return attributes;
}

void append_structured(std::string& out, Event const& event, Source const& source) {
    JsonObject object(out);
    auto const attributes = attributes_of(event, source);
    for (auto const& [name, value] : attributes) object.add(name, value);
    object.add("datacontenttype", "application/json");
    JsonObject data(object.value_of("data"));
    add_members(data, event);
    data.end();
    object.end();
}

/// As the HTTP binding has it: anything but printable ASCII is percent-encoded, and so are quotes and signs
/// of percent.
std::string header_value(std::string_view text) {
    std::string out;
    for (auto const c : text) {
        auto const byte = static_cast<unsigned char>(c);
        if (byte > 0x20 && byte < 0x7f && c != '"' && c != '%') {
            out += c;
        } else {
            out += fmt::format("%{:02X}", byte);
        }
    }
    return out;
}

}  // namespace

std::string batch_id(std::span<Event const> events) {
    if (events.size() == 1) return events.front().id;
    std::string ids;
    for (auto const& event : events) ids += event.id + '\n';
    constexpr std::size_t enough = 32;  // Hexadecimal digits that no other batch has.
    auto const hash = oci::digest_of(oci::Algorithm::sha256, std::string_view(ids)).hex();
    return fmt::format("{}+{}", events.front().id, hash.substr(0, enough));
}

Payload structured_cloud_event(Event const& event, Source const& source) {
    Payload payload{.id = event.id, .content_type = "application/cloudevents+json; charset=utf-8"};
    append_structured(payload.body, event, source);
    return payload;
}

Payload binary_cloud_event(Event const& event, Source const& source) {
    Payload payload{.id = event.id, .content_type = "application/json", .body = json_text(event)};
    for (auto const& [name, value] : attributes_of(event, source)) {
        payload.headers.emplace_back(fmt::format("ce-{}", name), header_value(value));
    }
    return payload;
}

Payload cloud_event_batch(std::span<Event const> events, Source const& source) {
    Payload payload{.id = batch_id(events),
                    .content_type = "application/cloudevents-batch+json; charset=utf-8"};
    for (auto const& event : events) {
        payload.body += payload.body.empty() ? '[' : ',';
        append_structured(payload.body, event, source);
    }
    payload.body += ']';
    return payload;
}

}  // namespace ocilot::events
