#include "http/api/event_filter.h"

#include "base/quote.h"

#include <algorithm>
#include <fmt/format.h>

namespace ocilot::http {

namespace {

bool has_action(std::string_view wanted, std::string_view word) noexcept {
    return wanted.ends_with('.') ? word.starts_with(wanted) : word == wanted;
}

Result<std::string> action_of_event(std::string_view text) {
    std::string known;
    for (int i = 0; i <= static_cast<int>(events::Action::webhook_test); ++i) {
        auto const word = to_string(static_cast<events::Action>(i));
        if (has_action(text, word)) return std::string(text);
        if (!known.empty()) known += ", ";
        known += word;
    }
    return Error{Errc::bad_request, fmt::format("unknown action {}: expected one of {}", quote(text), known)};
}

}  // namespace

Result<EventFilter> EventFilter::parse(Query const& query) {
    EventFilter filter;
    if (auto const text = query.first("repository")) {
        auto pattern = oci::RepositoryPattern::parse(*text);
        if (pattern.has_error()) return Error{Errc::bad_request, pattern.error().message};
        filter.repository = std::move(*pattern);
    }
    for (auto const text : query.all("action")) {
        TRY(auto action, action_of_event(text));
        filter.actions.push_back(std::move(action));
    }
    return filter;
}

bool EventFilter::matches(events::Event const& event) const {
    if (repository) {
        auto const name = oci::RepositoryName::parse(event.repository);
        if (name.has_error() || !repository->matches(*name)) return false;
    }
    auto const word = to_string(event.action);
    return actions.empty() ||
           std::ranges::any_of(actions, [word](auto const& wanted) { return has_action(wanted, word); });
}

}  // namespace ocilot::http
