#include "events/make_events.h"

#include "events/event_id.h"
#include "retention/repository.h"

#include <algorithm>
#include <optional>
#include <span>

namespace ocilot::events {

namespace {

constexpr std::size_t max_tags = 100;

/// The action of what a change is about; nullopt if receivers are not told of it.
std::optional<Action> action_of(meta::Change const& change) {
    using Kind = meta::ChangeKind;
    if (change.refused) return Action::refused;
    switch (change.kind) {
        case Kind::manifest_push:
            return Action::manifest_pushed;
        case Kind::manifest_delete:
            return Action::manifest_deleted;
        case Kind::manifest_restore:
            return Action::manifest_restored;
        case Kind::manifest_collect:
        case Kind::manifest_purge:
            return Action::collected;
        case Kind::manifest_pull:
            return Action::pulled;
        case Kind::tag_move:
            return Action::tag_moved;
        case Kind::tag_delete:
            return Action::tag_deleted;
        case Kind::tag_restore:
            return Action::tag_restored;
        case Kind::blob_push:
            return Action::blob_pushed;
        case Kind::blob_mount:
            return Action::blob_mounted;
        case Kind::blob_delete:
            return Action::blob_deleted;
        case Kind::blob_restore:
            return Action::blob_restored;
        case Kind::repository_delete:
            return Action::repository_deleted;
        case Kind::repository_rename:
            return Action::repository_renamed;
        case Kind::retention_plan:
            return Action::retention_planned;
        case Kind::retention_wait:
            return Action::retention_waiting;
        case Kind::retention_apply:
            return Action::retention_applied;
        case Kind::collection_finish:
            return Action::collection_finished;
        case Kind::quota_exceed:
            return Action::quota_exceeded;
        case Kind::quota_warn:
            return Action::quota_warning;
        default:
            return std::nullopt;
    }
}

void take_request(Event& event, meta::Actor const& by) {
    if (!by.http) return;
    event.method = by.http->method();
    event.scheme = by.http->scheme();
    event.host = by.http->host();
    event.path = by.http->path();
    event.user_agent = by.http->user_agent();
    event.traceparent = by.http->traceparent();
}

/// Retention acts under its name, the collection without one.
std::string cause_of(meta::Change const& change) {
    if (change.by.kind != "system" || change.repository.empty()) return {};
    if (change.by.name == "retention") return "retention";
    return change.by.name.empty() ? "collection" : "";
}

/// What all events of a change have in common.
Event begin_event(meta::Change const& change, Action action, std::size_t index) {
    Event event{.id = event_id(change.at, change.id, index),
                .sequence = change.id,
                .time = change.at,
                .action = action,
                .repository = change.repository,
                .cause = cause_of(change),
                .cause_id = change.by.cause.id,
                .cause_rule = change.by.cause.rule,
                .times = change.times,
                .by = change.by};
    take_request(event, change.by);
    return event;
}

bool is_about_a_tag(Action action) {
    return action == Action::tag_moved || action == Action::tag_deleted || action == Action::tag_restored;
}

/// A deleted tag pointed to what `previous` says; any other points to the content now.
void set_tag(Event& event, meta::ChangedTag const& tag) {
    event.tag = tag.name;
    if (event.action != Action::tag_deleted) {
        event.previous_digest = tag.previous;
    } else if (event.digest.empty()) {
        event.digest = tag.previous;
    }
}

void set_content(Event& event, meta::Change const& change) {
    event.digest = change.digest;
    event.media_type = change.media_type;
    event.size = change.size;
    event.artifact_type = change.details.artifact_type;
    event.subject = change.details.subject;
    event.parents = change.details.parents;
    event.mounted_from = change.details.source;
    event.counts = change.details.counts;
    event.pulls = change.details.pulls;
}

/// What no index names yet is known by its tags alone: an index comes after what it names.
std::optional<bool> is_top_level(meta::ChangeDetails const& details) {
    if (!details.subject.empty()) return false;
    if (details.tags.empty()) return std::nullopt;
    return std::ranges::any_of(details.tags, [](meta::ChangedTag const& tag) {
        return !retention::subject_of_tag(tag.name).has_value();
    });
}

void name_tags(Event& event, meta::ChangeDetails const& details) {
    event.tags_total = details.tags.size() + details.more_tags;
    for (auto const& tag : std::span(details.tags).first(std::min(details.tags.size(), max_tags))) {
        event.tags.push_back(tag.name);
    }
    if (event.tags_total == 1) event.tag = event.tags.front();
}

Event main_event(meta::Change const& change, Action action) {
    auto event = begin_event(change, action, 0);
    set_content(event, change);
    if (action == Action::refused) {
        event.refusal = std::string(to_string(change.kind));
        event.reason = change.text;
    } else if (action == Action::quota_exceeded || action == Action::quota_warning ||
               action == Action::retention_waiting) {
        event.reason = change.text;
    } else if (action == Action::repository_renamed) {
        event.renamed_from = change.repository;
        event.repository = change.name;
    } else if (action == Action::pulled) {
        if (!change.details.tags.empty()) event.tag = change.details.tags.front().name;
    } else if (is_about_a_tag(action)) {
        if (!change.details.tags.empty()) set_tag(event, change.details.tags.front());
    } else {
        name_tags(event, change.details);
    }
    if (action == Action::manifest_pushed) {
        event.top_level = is_top_level(change.details);
        event.annotations = change.details.annotations;
        event.more_annotations = change.details.more_annotations;
    }
    return event;
}

/// Tags of a change that its main event is not about: those that it created or removed along with content,
/// and of deleted tags all but the first.
std::span<meta::ChangedTag const> other_tags(meta::Change const& change, Action action) {
    std::span const tags(change.details.tags);
    switch (action) {
        case Action::manifest_pushed:
        case Action::manifest_deleted:
        case Action::repository_deleted:
            return tags;
        case Action::tag_deleted:
            return tags.subspan(std::min<std::size_t>(tags.size(), 1));
        default:
            return {};
    }
}

void add_tag_events(meta::Change const& change, Action action, std::vector<Event>& events) {
    bool const pushed = action == Action::manifest_pushed;
    for (auto const& tag : other_tags(change, action)) {
        if (pushed && !tag.previous.empty()) continue;  // It moved: a change of its own.
        auto event = begin_event(change, pushed ? Action::tag_created : Action::tag_deleted, events.size());
        event.digest = change.digest;
        event.media_type = change.media_type;
        event.artifact_type = change.details.artifact_type;
        event.size = change.size;
        if (pushed) event.top_level = is_top_level(change.details);
        set_tag(event, tag);
        events.push_back(std::move(event));
    }
}

}  // namespace

std::vector<Event> make_events(meta::Change const& change) {
    std::vector<Event> events;
    auto const action = action_of(change);
    if (!action) return events;
    events.push_back(main_event(change, *action));
    add_tag_events(change, *action, events);
    if (change.details.first) {  // Told before the push, but the ids of others stay what they were.
        events.insert(events.begin(), begin_event(change, Action::repository_created, events.size()));
    }
    return events;
}

}  // namespace ocilot::events
