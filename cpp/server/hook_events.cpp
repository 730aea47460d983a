#include "base/uuid.h"
#include "server/parts.h"
#include "server/sync_wait.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

namespace ocilot::server {

namespace {

policy::Listener listener_of(HookListenerSettings const& settings) {
    auto const seconds = std::clamp(settings.deadline, 0.0, 1e6);
    return {.name = settings.name,
            .points = settings.events,
            .repositories = settings.repositories,
            .deadline = std::chrono::milliseconds(std::llround(seconds * 1000)),
            .caller = settings.caller};
}

}  // namespace

Result<> Server::Parts::open_hooks() {
    TRY(auto const points, hookbox::parse_hook_points(settings.hooks.points));
    if (!points.empty()) hooks.gate.set_points(points);
    if (!settings.hooks.listeners) return {};
    std::vector<policy::Listener> listeners;
    std::ranges::transform(*settings.hooks.listeners, std::back_inserter(listeners), listener_of);
    return hooks.feed.set_listeners(std::move(listeners));
}

Result<> Server::Parts::open_hook_events() {
    if (!settings.hooks.listeners) return {};
    auto holder = Uuid::random(random).str();
    jobs::DeliveryParts parts{*meta, steady_clock, random, log, metrics, std::move(holder), &*registry};
    hook_deliveries.emplace(aside->context().get_executor(), hooks.feed, std::move(parts));
    if (settings.hooks.listeners->empty() && settings.hooks.points.empty()) {
        // There are no scripts, and none can be loaded: places of former ones would keep the change log.
        CHECK(sync_wait(hook_deliveries->forget_removed()));
        hook_deliveries.reset();
        return {};
    }
    CHECK(sync_wait(hook_deliveries->join()));
    aside->add_background(hook_deliveries->run());
    return {};
}

}  // namespace ocilot::server
