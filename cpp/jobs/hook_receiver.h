#pragma once

#include "events/event.h"
#include "jobs/receiver.h"
#include "oci/repository_pattern.h"
#include "policy/feed.h"
#include "registry/registry.h"

#include <optional>
#include <string_view>
#include <vector>

namespace ocilot::jobs {

/// The point of an event, one of policy::event_points; empty: hooks are not told of it.
[[nodiscard]] std::string_view hook_point_of(events::Event const& event) noexcept;

/// Tells the hooks of one script of events. One that fails is told again, with all other events of the same
/// change.
class HookReceiver final : public Receiver {
  public:
    /// config if a pattern of the listener is none. `registry`: see DeliveryParts.
    static Result<HookReceiver> make(policy::Feed& feed, policy::Listener listener,
                                     registry::Registry* registry = nullptr);

    [[nodiscard]] policy::Listener const& listener() const noexcept { return listener_; }
    [[nodiscard]] bool wants(meta::Change const& change) const override;
    [[nodiscard]] std::size_t batch() const noexcept override { return 1; }
    Task<DeliveryAnswer> deliver(std::span<meta::Change const> changes, bool replay) override;

  private:
    HookReceiver(policy::Feed& feed, policy::Listener listener, registry::Registry* registry)
        : feed_(&feed), listener_(std::move(listener)), registry_(registry) {}

    [[nodiscard]] bool is_own(meta::Actor const& by) const;
    [[nodiscard]] bool wants(events::Event const& event) const;

    policy::Feed* feed_;
    policy::Listener listener_;
    registry::Registry* registry_;
    std::optional<std::vector<oci::RepositoryPattern>> repositories_;
};

}  // namespace ocilot::jobs
