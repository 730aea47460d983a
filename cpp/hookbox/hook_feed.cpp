#include "hookbox/hook_feed.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <utility>

namespace ocilot::hookbox {

namespace {

Result<> check_listener(policy::Listener const& listener) {
    for (auto const& point : listener.points) {
        if (std::ranges::find(policy::event_points, point) != policy::event_points.end()) continue;
        return Error{Errc::config, fmt::format("unknown event \"{}\": expected one of {}", point,
                                               fmt::join(policy::event_points, ", "))};
    }
    if (listener.deadline >= std::chrono::milliseconds(1) && listener.deadline <= std::chrono::hours(1))
        return {};
    return Error{Errc::config,
                 fmt::format("invalid deadline of {}: expected 0.001 to 3600 seconds", listener.name)};
}

}  // namespace

Result<> HookFeed::set_listeners(std::vector<policy::Listener> listeners) {
    for (auto const& listener : listeners) {
        CHECK(check_listener(listener));
    }
    std::lock_guard const lock(mutex_);
    listeners_ = std::move(listeners);
    generation_.fetch_add(1, std::memory_order_acq_rel);
    if (changed_) changed_();
    return {};
}

std::vector<policy::Listener> HookFeed::listeners() const {
    std::lock_guard const lock(mutex_);
    return listeners_;
}

void HookFeed::on_change(std::function<void()> call) {
    std::lock_guard const lock(mutex_);
    changed_ = std::move(call);
}

Task<Result<std::optional<std::string>>> HookFeed::tell(policy::Listener listener, std::string point,
                                                        std::string event) {
    EventCase about{std::move(listener.name), std::move(point), std::move(event)};
    CO_TRY(auto answer, co_await mailbox_.ask(Topic::event, std::move(about), listener.deadline));
    if (std::holds_alternative<Abstain>(answer)) co_return std::optional<std::string>();
    auto* const failure = std::get_if<Failure>(&answer);
    co_return std::optional(failure != nullptr ? std::move(failure->reason)
                                               : std::string("unsupported answer"));
}

}  // namespace ocilot::hookbox
