#include "events/distribution_envelope.h"

#include "events/registry_url.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ocilot::events {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view blob_type = "application/octet-stream";

bool is_of_a_blob(Action action) noexcept {
    return action == Action::blob_pushed || action == Action::blob_mounted ||
           action == Action::blob_deleted || action == Action::blob_restored;
}

/// Where the target can be fetched; empty if nothing says how this registry is reached.
std::string target_url(Event const& event, Source const& source) {
    auto const base = registry_url(event, source);
    if (base.empty() || event.digest.empty()) return {};
    return fmt::format("{}/v2/{}/{}/{}", base, event.repository,
                       is_of_a_blob(event.action) ? "blobs" : "manifests", event.digest);
}

/// In the order of distribution's own members. What it leaves out when empty is left out; the members of
/// request, actor and source it always has.
Json target_json(Event const& event, std::string const& tag, Source const& source) {
    Json target = Json::object();
    bool const deleted = event.action == Action::manifest_deleted || event.action == Action::tag_deleted ||
                         event.action == Action::blob_deleted;
    if (auto const type = distribution_target_type(event); !type.empty() && !deleted) {
        target["mediaType"] = type;
    }
    if (event.size && !deleted) target["size"] = *event.size;
    // With a digest receivers take it for the deletion of the manifest.
    if (!event.digest.empty() && event.action != Action::tag_deleted) target["digest"] = event.digest;
    if (event.size && !deleted) target["length"] = *event.size;
    target["repository"] = event.repository;
    if (!event.mounted_from.empty()) target["fromRepository"] = event.mounted_from;
    if (auto url = target_url(event, source); !url.empty() && !deleted) target["url"] = std::move(url);
    if (!tag.empty()) target["tag"] = tag;
    return target;
}

Json envelope_event(Event const& event, std::string const& id, std::string const& tag, Source const& source) {
    return {{"id", id},
            {"timestamp", rfc3339(event.time)},
            {"action", distribution_action(event).value_or("")},
            {"target", target_json(event, tag, source)},
            {"request",
             {{"id", event.by.request},
              {"addr", event.by.address},
              {"host", event.host},
              {"method", event.method},
              {"useragent", event.user_agent}}},
            {"actor", {{"name", event.by.name}}},
            {"source", {{"addr", source.address}, {"instanceID", source.instance}}}};
}

void add_events(Json& out, Event const& event, Source const& source) {
    if (!distribution_action(event)) return;
    if (event.action != Action::manifest_pushed || event.tags.size() < 2) {
        // A manifest is deleted by its digest; each of its tags has an event of its own.
        auto const tag = event.action == Action::manifest_deleted ? std::string() : event.tag;
        out.push_back(envelope_event(event, event.id, tag, source));
        return;
    }
    for (std::size_t i = 0; i < event.tags.size(); ++i) {
        auto const id = i == 0 ? event.id : fmt::format("{}-{}", event.id, i);
        out.push_back(envelope_event(event, id, event.tags[i], source));
    }
}

}  // namespace

std::optional<std::string_view> distribution_action(Event const& event) noexcept {
    switch (event.action) {
        case Action::manifest_pushed:
        case Action::manifest_restored:
        case Action::tag_restored:
        case Action::blob_pushed:
        case Action::blob_restored:
        case Action::webhook_test:
            return "push";
        case Action::blob_mounted:
            return "mount";
        case Action::pulled:
            return "pull";
        case Action::manifest_deleted:
        case Action::tag_deleted:
        case Action::blob_deleted:
            return "delete";
        default:
            return std::nullopt;
    }
}

std::string_view distribution_target_type(Event const& event) noexcept {
    return is_of_a_blob(event.action) ? blob_type : std::string_view(event.media_type);
}

std::optional<std::string> distribution_envelope(std::span<Event const> events, Source const& source) {
    Json list = Json::array();
    for (auto const& event : events) add_events(list, event, source);
    if (list.empty()) return std::nullopt;
    return Json{{"events", std::move(list)}}.dump(3, ' ', false, Json::error_handler_t::replace);
}

}  // namespace ocilot::events
