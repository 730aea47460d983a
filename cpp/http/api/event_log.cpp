#include "http/api/event_log.h"

#include "events/event_json.h"
#include "events/make_events.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

namespace ocilot::http {

namespace {

constexpr std::size_t most_looked_at = 2000;  // Changes for one page.
constexpr std::size_t looked_at_once = 200;
/// What is not UTF-8 must not keep the rest from being seen.
constexpr auto replacing = nlohmann::ordered_json::error_handler_t::replace;

}  // namespace

Task<Result<KeptChanges>> kept_changes(meta::Journal& journal) {
    KeptChanges kept;
    CO_TRY(auto const first, co_await journal.after(0, 1));
    if (first.empty()) co_return kept;
    kept.oldest = first.front().id;
    CO_TRY(kept.newest, co_await journal.last());
    co_return kept;
}

std::vector<std::string> wanted_events(meta::Change const& change, events::Filter const& filter) {
    std::vector<std::string> wanted;
    for (auto const& event : events::make_events(change)) {
        if (filter.matches(event)) wanted.push_back(to_json(event).dump(-1, ' ', false, replacing));
    }
    return wanted;
}

Task<Result<EventPage>> read_events(meta::Journal& journal, std::int64_t place, events::Filter const& filter,
                                    std::size_t size) {
    EventPage page{.place = place};
    for (std::size_t looked_at = 0; page.events.size() < size && looked_at < most_looked_at;) {
        CO_TRY(auto const changes, co_await journal.after(page.place, looked_at_once));
        for (auto const& change : changes) {
            auto wanted = wanted_events(change, filter);
            if (!page.events.empty() && page.events.size() + wanted.size() > size) {
                co_return page;
            }
            std::ranges::move(wanted, std::back_inserter(page.events));
            page.place = change.id;
        }
        if (changes.size() < looked_at_once) co_return page;
        looked_at += changes.size();
    }
    co_return page;
}

}  // namespace ocilot::http
