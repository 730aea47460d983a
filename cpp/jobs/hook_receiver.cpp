#include "jobs/hook_receiver.h"

#include "events/event_json.h"
#include "events/make_events.h"
#include "jobs/add_platforms.h"

#include <algorithm>
#include <fmt/format.h>

namespace ocilot::jobs {

namespace {

std::string text_of_event(events::Event const& event) {
    std::string text;
    JsonObject object(text);
    add_members(object, event);
    object.add_if_any("traceparent", event.traceparent);
    object.end();
    return text;
}

}  // namespace

std::string_view hook_point_of(events::Event const& event) noexcept {
    using events::Action;
    switch (event.action) {
        case Action::manifest_pushed:
            return "on_manifest_pushed";
        case Action::manifest_deleted:
            return "on_manifest_deleted";
        case Action::tag_created:
        case Action::tag_moved:
        case Action::tag_restored:
            return "on_tag_moved";
        case Action::tag_deleted:
            return "on_tag_deleted";
        case Action::blob_pushed:
            return "on_blob_pushed";
        case Action::blob_mounted:
            return "on_mounted";
        case Action::repository_created:
            return "on_repository_created";
        case Action::repository_deleted:
            return "on_repository_deleted";
        case Action::repository_renamed:
            return "on_repository_renamed";
        case Action::collected:
            return "on_collected";
        case Action::pulled:
            return "on_pulled";
        case Action::retention_waiting:
            return "on_retention_waiting";
        case Action::quota_exceeded:
            return "on_quota_exceeded";
        case Action::quota_warning:
            return "on_quota_warning";
        case Action::refused:
            return "on_refused";
        default:
            return {};
    }
}

Result<HookReceiver> HookReceiver::make(policy::Feed& feed, policy::Listener listener,
                                        registry::Registry* registry) {
    HookReceiver made(feed, std::move(listener), registry);
    if (!made.listener_.repositories) return made;
    made.repositories_.emplace();
    for (auto const& text : *made.listener_.repositories) {
        TRY(auto pattern, oci::RepositoryPattern::parse(text));
        made.repositories_->push_back(std::move(pattern));
    }
    return made;
}

bool HookReceiver::is_own(meta::Actor const& by) const {
    return !listener_.caller.empty() && listener_.caller == fmt::format("{}:{}", by.kind, by.name);
}

bool HookReceiver::wants(events::Event const& event) const {
    auto const point = hook_point_of(event);
    if (std::ranges::find(listener_.points, point) == listener_.points.end()) return false;
    if (!repositories_) return true;
    auto const name = oci::RepositoryName::parse(event.repository);
    return name.has_value() &&
           std::ranges::any_of(*repositories_, [&](auto const& pattern) { return pattern.matches(*name); });
}

bool HookReceiver::wants(meta::Change const& change) const {
    if (is_own(change.by)) return false;
    auto const all = events::make_events(change);
    return std::ranges::any_of(all, [&](events::Event const& event) { return wants(event); });
}

Task<DeliveryAnswer> HookReceiver::deliver(std::span<meta::Change const> changes, bool) {
    for (auto const& change : changes) {
        auto all = events::make_events(change);
        std::erase_if(all, [&](events::Event const& event) { return !wants(event); });
        if (registry_ != nullptr) co_await add_platforms(*registry_, all);
        for (auto const& event : all) {
            auto text = text_of_event(event);
            auto const told =
                co_await feed_->tell(listener_, std::string(hook_point_of(event)), std::move(text));
            if (told.has_error()) {
                co_return DeliveryAnswer{DeliveryVerdict::unavailable, told.error().message, {}};
            }
            if (*told) co_return DeliveryAnswer{DeliveryVerdict::failed, **told, {}};
        }
    }
    co_return DeliveryAnswer{};
}

}  // namespace ocilot::jobs
