#include "events/event_json.h"

#include <nlohmann/json.hpp>

namespace ocilot::events {

namespace {

using Json = nlohmann::ordered_json;

void add_time(JsonObject& object, std::string_view name, Time time) {
    if (time != Time{}) object.add(name, rfc3339(time));
}

void add_actor(JsonObject& object, meta::Actor const& by) {
    bool const any = !by.name.empty() || !by.kind.empty() || !by.groups.empty() || !by.token.empty();
    if (!any) return;
    JsonObject actor(object.value_of("actor"));
    actor.add_if_any("name", by.name);
    actor.add_if_any("kind", by.kind);
    if (!by.groups.empty()) actor.add("groups", by.groups);
    actor.add_if_any("token_id", by.token);
    actor.end();
}

/// Its kind is what it is about: without one there is no cause.
void add_cause(JsonObject& object, Event const& event) {
    if (event.cause.empty()) return;
    JsonObject cause(object.value_of("cause"));
    cause.add("kind", event.cause);
    cause.add_if_any("id", event.cause_id);
    cause.add_if_any("rule", event.cause_rule);
    cause.end();
}

void add_request(JsonObject& object, Event const& event) {
    bool const any = !event.by.request.empty() || !event.by.address.empty() || !event.method.empty() ||
                     !event.scheme.empty() || !event.host.empty() || !event.path.empty() ||
                     !event.user_agent.empty();
    if (!any) return;
    JsonObject request(object.value_of("request"));
    request.add_if_any("id", event.by.request);
    request.add_if_any("address", event.by.address);
    request.add_if_any("method", event.method);
    request.add_if_any("scheme", event.scheme);
    request.add_if_any("host", event.host);
    request.add_if_any("path", event.path);
    request.add_if_any("user_agent", event.user_agent);
    request.end();
}

/// What is damaged is not known.
void add_annotations(JsonObject& object, Event const& event) {
    if (event.annotations.empty()) return;
    auto const annotations = Json::parse(event.annotations, nullptr, false);
    if (!annotations.is_object()) return;
    object.value_of("annotations") += annotations.dump(-1, ' ', false, Json::error_handler_t::replace);
    object.add("annotations_total", annotations.size() + event.more_annotations);
}

void add_counts(JsonObject& object, Event const& event) {
    if (event.counts.empty()) return;
    JsonObject counts(object.value_of("counts"));
    for (auto const& [what, count] : event.counts) counts.add(what, count);
    counts.end();
}

void add_content(JsonObject& object, Event const& event) {
    object.add_if_any("repository", event.repository);
    object.add_if_any("tag", event.tag);
    object.add_if_any("digest", event.digest);
    object.add_if_any("previous_digest", event.previous_digest);
    if (!event.tags.empty()) {
        object.add("tags", event.tags);
        object.add("tags_total", event.tags_total);
    }
    object.add_if_any("media_type", event.media_type);
    object.add_if_any("artifact_type", event.artifact_type);
    if (event.size) object.add("size", *event.size);
    object.add_if_any("platform", event.platform);
    object.add_if_any("subject", event.subject);
    if (event.top_level) object.add("top_level", *event.top_level);
    if (!event.parents.empty()) object.add("parents", event.parents);
    add_annotations(object, event);
    object.add_if_any("mounted_from", event.mounted_from);
    object.add_if_any("renamed_from", event.renamed_from);
}

}  // namespace

void add_members(JsonObject& object, Event const& event) {
    object.add("id", event.id);
    object.add("sequence", static_cast<std::uint64_t>(event.sequence));
    object.add("time", rfc3339(event.time));
    object.add("action", to_string(event.action));
    add_content(object, event);
    object.add_if_any("refusal", event.refusal);
    object.add_if_any("reason", event.reason);
    add_cause(object, event);
    if (event.times > 1) object.add("times", event.times);
    add_time(object, "first", event.pulls.first);
    add_time(object, "last", event.pulls.last);
    if (event.pulls.sampled) object.add("sampled", *event.pulls.sampled);
    add_actor(object, event.by);
    add_request(object, event);
    add_counts(object, event);
}

std::string json_text(Event const& event) {
    std::string out;
    JsonObject object(out);
    add_members(object, event);
    object.end();
    return out;
}

}  // namespace ocilot::events
