#include "http/api/event_filter.h"

namespace ocilot::http {

namespace {

/// What a client got wrong.
template <class T>
Result<T> as_bad_request(Result<T> parsed) {
    if (parsed.has_error()) return Error{Errc::bad_request, parsed.error().message};
    return parsed;
}

}  // namespace

Result<events::Filter> event_filter(Query const& query) {
    events::Filter filter;
    for (auto const text : query.all("repository")) {
        TRY(auto pattern, as_bad_request(oci::RepositoryPattern::parse(text)));
        filter.repositories.push_back(std::move(pattern));
    }
    for (auto const text : query.all("tag")) {
        TRY(auto pattern, as_bad_request(retention::Glob::parse(text)));
        filter.tags.push_back(std::move(pattern));
    }
    for (auto const word : query.all("action")) {
        TRY(auto const found, as_bad_request(events::parse_actions(word)));
        filter.actions.insert(filter.actions.end(), found.begin(), found.end());
    }
    return filter;
}

}  // namespace ocilot::http
