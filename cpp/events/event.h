#pragma once

#include "base/clock.h"
#include "events/action.h"
#include "meta/change.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ocilot::events {

/// One thing that happened, as data for receivers: webhooks, hooks and streams. What is not known is empty.
/// Fields are added, never changed: their names and types in JSON are a promise (event_json.h).
struct Event {
    std::string id = {};        ///< stable over attempts and replays; a UUID
    std::int64_t sequence = 0;  ///< id of its change: grows, equal for the events of one change
    Time time{};
    Action action = Action::webhook_test;
    std::string repository = {};
    std::string tag = {};
    std::string digest = {};             ///< of the content; tag.moved: where the tag points now
    std::string previous_digest = {};    ///< where the tag pointed before
    std::vector<std::string> tags = {};  ///< manifest.*: set with it, or deleted with it; at most 100
    std::uint64_t tags_total = 0;        ///< all of them
    std::string media_type = {};
    std::string artifact_type = {};
    std::optional<std::uint64_t> size = {};  ///< bytes
    /// manifest.pushed, tag.created: of an image, `linux/arm64/v8`. No change has it: see
    /// jobs/add_platforms.h.
    std::string platform = {};
    std::string subject = {};  ///< digest
    /// manifest.pushed, tag.created: whether it is an image of its own: pushed with a tag, and no referrer.
    /// Not known of what is pushed by its digest, such as a platform: the index that names it comes later.
    std::optional<bool> top_level = {};
    std::vector<std::string> parents =
        {};                              ///< manifest.deleted: digests of indexes that name it, at most 100
    std::string annotations = {};        ///< manifest.pushed: JSON object of strings, at most 4 KiB
    std::uint64_t more_annotations = 0;  ///< that are not in it
    std::string mounted_from = {};       ///< repository
    std::string renamed_from = {};       ///< repository
    std::string refusal = {};            ///< refused: what, such as `admit`
    std::string reason = {};             ///< why it was refused, or waits
    std::string cause = {};              ///< what did it that is no client: `retention` or `collection`
    std::string cause_id = {};           ///< of the retention plan that was applied
    std::string cause_rule = {};         ///< that deleted it, as the plan names it
    std::uint64_t times = 1;     ///< refused: how often within a short time; pulled: pulls it stands for
    meta::ToldPulls pulls = {};  ///< pulled
    meta::Actor by = {};
    std::string method = {};  ///< of the request
    std::string scheme = {};
    std::string host = {};
    std::string path = {};
    std::string user_agent = {};
    std::string traceparent = {};  ///< of the request; for CloudEvents, and no member of their data
    std::vector<std::pair<std::string, std::uint64_t>> counts = {};  ///< what a job counted
};

}  // namespace ocilot::events
