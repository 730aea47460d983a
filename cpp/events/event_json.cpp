#include "events/event_json.h"

#include <nlohmann/json.hpp>

namespace ocilot::events {

namespace {

using Json = nlohmann::ordered_json;

void put_text(Json& object, char const* key, std::string const& value) {
    if (!value.empty()) object[key] = value;
}

void put_time(Json& object, char const* key, Time time) {
    if (time != Time{}) object[key] = rfc3339(time);
}

Json actor_json(meta::Actor const& by) {
    Json actor = Json::object();
    put_text(actor, "name", by.name);
    put_text(actor, "kind", by.kind);
    if (!by.groups.empty()) actor["groups"] = by.groups;
    put_text(actor, "token_id", by.token);
    return actor;
}

/// Its kind is what it is about: without one there is no cause.
Json cause_json(Event const& event) {
    Json cause = Json::object();
    if (event.cause.empty()) return cause;
    cause["kind"] = event.cause;
    put_text(cause, "id", event.cause_id);
    put_text(cause, "rule", event.cause_rule);
    return cause;
}

Json request_json(Event const& event) {
    Json request = Json::object();
    put_text(request, "id", event.by.request);
    put_text(request, "address", event.by.address);
    put_text(request, "method", event.method);
    put_text(request, "scheme", event.scheme);
    put_text(request, "host", event.host);
    put_text(request, "path", event.path);
    put_text(request, "user_agent", event.user_agent);
    return request;
}

void put_object(Json& object, char const* key, Json value) {
    if (!value.empty()) object[key] = std::move(value);
}

/// What is damaged is not known.
void put_annotations(Json& object, Event const& event) {
    if (event.annotations.empty()) return;
    auto annotations = Json::parse(event.annotations, nullptr, false);
    if (!annotations.is_object()) return;
    auto const total = annotations.size() + event.more_annotations;
    object["annotations"] = std::move(annotations);
    object["annotations_total"] = total;
}

}  // namespace

Json to_json(Event const& event) {
    Json out{{"id", event.id},
             {"sequence", event.sequence},
             {"time", rfc3339(event.time)},
             {"action", to_string(event.action)}};
    put_text(out, "repository", event.repository);
    put_text(out, "tag", event.tag);
    put_text(out, "digest", event.digest);
    put_text(out, "previous_digest", event.previous_digest);
    if (!event.tags.empty()) {
        out["tags"] = event.tags;
        out["tags_total"] = event.tags_total;
    }
    put_text(out, "media_type", event.media_type);
    put_text(out, "artifact_type", event.artifact_type);
    if (event.size) out["size"] = *event.size;
    put_text(out, "platform", event.platform);
    put_text(out, "subject", event.subject);
    if (event.top_level) out["top_level"] = *event.top_level;
    if (!event.parents.empty()) out["parents"] = event.parents;
    put_annotations(out, event);
    put_text(out, "mounted_from", event.mounted_from);
    put_text(out, "renamed_from", event.renamed_from);
    put_text(out, "refusal", event.refusal);
    put_text(out, "reason", event.reason);
    put_object(out, "cause", cause_json(event));
    if (event.times > 1) out["times"] = event.times;
    put_time(out, "first", event.pulls.first);
    put_time(out, "last", event.pulls.last);
    if (event.pulls.sampled) out["sampled"] = *event.pulls.sampled;
    put_object(out, "actor", actor_json(event.by));
    put_object(out, "request", request_json(event));
    auto counts = Json::object();
    for (auto const& [what, count] : event.counts) counts[what] = count;
    put_object(out, "counts", std::move(counts));
    return out;
}

}  // namespace ocilot::events
