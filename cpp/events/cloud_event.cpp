#include "events/cloud_event.h"

#include "events/event_json.h"
#include "events/registry_url.h"
#include "oci/hasher.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ocilot::events {

namespace {

using Json = nlohmann::ordered_json;

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

Json attributes_of(Event const& event, Source const& source) {
    Json attributes{{"specversion", "1.0"},
                    {"id", event.id},
                    {"source", source_of(event, source)},
                    {"type", fmt::format("dev.ocilot.{}.v1", to_string(event.action))},
                    {"time", rfc3339(event.time)}};
    if (auto subject = subject_of(event); !subject.empty()) attributes["subject"] = std::move(subject);
    // As its specification has it: texts that sort as the numbers do.
    attributes["sequence"] = fmt::format("{:020}", event.sequence);
    if (!event.repository.empty()) attributes["partitionkey"] = event.repository;
    // As the extension for distributed tracing has it.
    if (!event.traceparent.empty()) attributes["traceparent"] = event.traceparent;
    if (auto schema = schema_of(event, source); !schema.empty()) attributes["dataschema"] = std::move(schema);
    return attributes;
}

Json structured_json(Event const& event, Source const& source) {
    auto object = attributes_of(event, source);
    object["datacontenttype"] = "application/json";
    object["data"] = to_json(event);
    return object;
}

std::string cloud_text(Json const& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
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
    return {.id = event.id,
            .content_type = "application/cloudevents+json; charset=utf-8",
            .body = cloud_text(structured_json(event, source))};
}

Payload binary_cloud_event(Event const& event, Source const& source) {
    Payload payload{.id = event.id, .content_type = "application/json", .body = cloud_text(to_json(event))};
    auto const attributes = attributes_of(event, source);
    for (auto const& [name, value] : attributes.items()) {
        payload.headers.emplace_back("ce-" + name, header_value(value.get_ref<std::string const&>()));
    }
    return payload;
}

Payload cloud_event_batch(std::span<Event const> events, Source const& source) {
    Json list = Json::array();
    for (auto const& event : events) list.push_back(structured_json(event, source));
    return {.id = batch_id(events),
            .content_type = "application/cloudevents-batch+json; charset=utf-8",
            .body = cloud_text(list)};
}

}  // namespace ocilot::events
