#include "http/api/event_log.h"

#include "events/event_json.h"
#include "events/make_events.h"
#include "jobs/add_platforms.h"

#include <algorithm>
#include <iterator>

namespace ocilot::http {

namespace {

constexpr std::size_t most_looked_at = 2000;  // Changes for one page.
constexpr std::size_t looked_at_once = 200;

}  // namespace

Task<Result<KeptChanges>> kept_changes(meta::Journal& journal) {
    KeptChanges kept;
    CO_TRY(auto const first, co_await journal.after(0, 1));
    if (first.items.empty()) co_return kept;
    kept.oldest = first.items.front().id;
    CO_TRY(kept.newest, co_await journal.last());
    co_return kept;
}

Task<std::vector<std::string>> wanted_events(registry::Registry& registry, meta::Change const& change,
                                             events::Filter const& filter) {
    auto made = events::make_events(change);
    std::erase_if(made, [&](events::Event const& event) { return !filter.matches(event); });
    co_await ocilot::jobs::add_platforms(registry, made);
    std::vector<std::string> wanted;
    for (auto const& event : made) wanted.push_back(json_text(event));
    co_return wanted;
}

Task<Result<EventPage>> read_events(registry::Registry& registry, std::int64_t place,
                                    events::Filter const& filter, std::size_t size) {
    EventPage page{.place = place};
    for (std::size_t looked_at = 0; page.events.size() < size && looked_at < most_looked_at;) {
        CO_TRY(auto const changes, co_await registry.meta.journal().after(page.place, looked_at_once));
        for (auto const& change : changes.items) {
            auto wanted = co_await wanted_events(registry, change, filter);
            if (!page.events.empty() && page.events.size() + wanted.size() > size) {
                co_return page;
            }
            std::ranges::move(wanted, std::back_inserter(page.events));
            page.place = change.id;
        }
        if (!changes.more) co_return page;
        looked_at += changes.items.size();
    }
    co_return page;
}

}  // namespace ocilot::http
