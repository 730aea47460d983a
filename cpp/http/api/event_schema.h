#pragma once

#include "http/core/schema.h"

/// What events are where responses hold them: the names that `events::add_members` writes.
namespace ocilot::http::event_schema {

inline constexpr Field actor_fields[] = {
    optional({"name", schema::any_text}), optional({"kind", schema::any_text}),
    optional({"groups", schema::list_of(schema::any_text), "Of the caller; at most 32, and 1 KiB."}),
    optional({"token_id", schema::any_text, "Id of the access token that was shown."})};
inline constexpr Schema actor = schema::object_of("EventActor", actor_fields);
inline constexpr Field cause_fields[] = {
    {"kind", schema::any_text, "`retention` or `collection`."},
    optional({"id", schema::any_text, "Of the retention plan that was applied."}),
    optional({"rule", schema::any_text, "That deleted it, such as `applications.delete.0`."})};
inline constexpr Schema cause = schema::object_of("EventCause", cause_fields);
inline constexpr Field request_fields[] = {
    optional({"id", schema::any_text, "`X-Request-Id` of the request, as in the access log."}),
    optional({"address", schema::any_text, "Of the client."}),
    optional({"method", schema::any_text}),
    optional({"scheme", schema::any_text}),
    optional({"host", schema::any_text, "As the client sees the registry."}),
    optional({"path", schema::any_text, "Without the query."}),
    optional({"user_agent", schema::any_text})};
inline constexpr Schema request = schema::object_of("EventRequest", request_fields);

inline constexpr Field event_fields[] = {
    {"id", schema::any_text, "A UUID, which never changes."},
    {"sequence", schema::count, "Grows; equal for the events of one change."},
    {"time", schema::time},
    {"action", schema::any_text, "Such as `tag.moved`."},
    optional({"repository", schema::any_text}),
    optional({"tag", schema::any_text}),
    optional({"digest", schema::digest, "Of the content; of a moved tag, its new target."}),
    optional({"previous_digest", schema::digest, "Where the tag pointed before."}),
    optional({"tags", schema::list_of(schema::any_text), "Set or deleted with it; at most 100."}),
    optional({"tags_total", schema::count, "Number of these tags."}),
    optional({"media_type", schema::any_text}),
    optional({"artifact_type", schema::any_text}),
    optional({"size", schema::count, "Bytes."}),
    optional({"platform", schema::any_text,
              "Of a pushed image, such as `linux/arm64/v8`; missing: it names none, or was deleted."}),
    optional({"subject", schema::digest, "Subject of a manifest."}),
    optional({"top_level", schema::boolean,
              "Of a push: `true` with a tag, `false` for a referrer; missing: not known."}),
    optional(
        {"parents", schema::list_of(schema::digest), "Indexes that name a deleted manifest; at most 100."}),
    optional({"annotations", schema::map_of(schema::any_text), "Of a pushed manifest, at most 4 KiB."}),
    optional({"annotations_total", schema::count, "Number of its annotations."}),
    optional({"mounted_from", schema::any_text, "Repository that a blob was mounted from."}),
    optional({"renamed_from", schema::any_text, "Name of the repository before."}),
    optional({"refusal", schema::any_text, "What was refused, such as `admit`."}),
    optional({"reason", schema::any_text, "Why it was refused, or waits."}),
    optional({"cause", cause, "What removed it, if no client did."}),
    optional({"times", schema::count, "Equal refusals within a short time, or pulls; missing: 1."}),
    optional({"first", schema::time, "First of these pulls."}),
    optional({"last", schema::time, "Last of these pulls."}),
    optional({"sampled", schema::boolean, "Of pulls: whether only some of a batch have an event."}),
    optional({"actor", actor}),
    optional({"request", request}),
    optional({"counts", schema::map_of(schema::count), "What a job counted."})};
inline constexpr Schema event = schema::object_of("Event", event_fields);
inline constexpr Schema event_list = schema::list_of(event);

}  // namespace ocilot::http::event_schema
