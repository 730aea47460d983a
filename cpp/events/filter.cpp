#include "events/filter.h"

#include "base/quote.h"
#include "events/distribution_envelope.h"
#include "oci/name.h"

#include <algorithm>
#include <fmt/format.h>

namespace ocilot::events {

namespace {

bool fits(std::vector<oci::RepositoryPattern> const& patterns, std::string const& repository) {
    auto const name = oci::RepositoryName::parse(repository);
    if (name.has_error()) return false;
    return std::ranges::any_of(patterns, [&](auto const& pattern) { return pattern.matches(*name); });
}

bool has_tag(std::vector<retention::Glob> const& patterns, Event const& event) {
    if (!event.tag.empty() && retention::any_matches(patterns, event.tag)) return true;
    return std::ranges::any_of(event.tags,
                               [&](auto const& tag) { return retention::any_matches(patterns, tag); });
}

bool is_one_of(std::vector<std::string> const& list, std::string_view value) {
    return std::ranges::find(list, value) != list.end();
}

bool is_ignored(Filter const& filter, Event const& event) {
    auto const type = distribution_target_type(event);
    if (!type.empty() && is_one_of(filter.ignored_media_types, type)) return true;
    auto const action = distribution_action(event);
    return action && is_one_of(filter.ignored_actions, *action);
}

}  // namespace

bool is_default_action(Action action) noexcept {
    switch (action) {
        case Action::blob_pushed:
        case Action::blob_mounted:
        case Action::blob_deleted:
        case Action::blob_restored:
        case Action::repository_created:
        case Action::pulled:
        case Action::collected:
        case Action::collection_finished:
        case Action::refused:
            return false;
        default:
            return true;
    }
}

bool Filter::matches(Event const& event) const {
    if (event.action == Action::webhook_test) return true;
    bool const wanted = actions.empty() ? is_default_action(event.action)
                                        : std::ranges::find(actions, event.action) != actions.end();
    if (!wanted || is_ignored(*this, event)) return false;
    if (!repositories.empty() && !fits(repositories, event.repository)) return false;
    if (!except.empty() && fits(except, event.repository)) return false;
    if (!tags.empty() && !has_tag(tags, event)) return false;
    if (!media_types.empty() && !retention::any_matches(media_types, event.media_type)) return false;
    if (!artifact_types.empty() && !retention::any_matches(artifact_types, event.artifact_type)) return false;
    return callers.empty() || retention::any_matches(callers, event.by.name);
}

Result<std::vector<Action>> parse_actions(std::string_view word) {
    std::vector<Action> found;
    std::string known;
    for (int i = 0; i <= static_cast<int>(Action::webhook_test); ++i) {
        auto const action = static_cast<Action>(i);
        auto const name = to_string(action);
        bool const in_family = word.ends_with(".*") && name.starts_with(word.substr(0, word.size() - 1));
        if (word == "*" || word == name || in_family) found.push_back(action);
        known += fmt::format("{}{}", known.empty() ? "" : ", ", name);
    }
    if (!found.empty()) return found;
    return Error{Errc::config,
                 fmt::format("unknown action {}: expected *, tag.* or one of {}", quote(word), known)};
}

}  // namespace ocilot::events
