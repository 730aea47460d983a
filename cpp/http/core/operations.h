#pragma once

#include "base/metrics.h"
#include "http/core/message.h"
#include "http/core/readiness.h"
#include "registry/registry.h"

#include <atomic>

namespace ocilot::jobs {
class Retention;
}

namespace ocilot::http {

/// What an operator's machines ask: `/healthz` (the process runs), `/readyz` (it can serve: stores answer,
/// not draining) and `/metrics` (Prometheus text). The only routes of the debug address.
class Operations final : public Handler {
  public:
    /// Without `retention` its metrics show what other work has seen.
    Operations(registry::Registry& registry, Metrics& metrics, jobs::Retention* retention = nullptr);
    Task<Response> handle(Request const& request) override;
    /// The same for an administrator, who may know the data directory.
    Task<Response> handle_for_administrator(Request const& request);
    [[nodiscard]] Response refuse(Error const& error) const override;

    /// Whether `path` is one of the three.
    [[nodiscard]] static bool serves(std::string_view path) noexcept;
    /// From now on `/readyz` answers 503, so that load balancers go elsewhere. Any thread.
    void start_draining() noexcept { draining_.store(true); }

  private:
    Task<Response> respond(Request const& request, bool to_administrator);
    Task<Response> answer(Request const& request, bool to_administrator);
    /// Asks the stores what metrics show of them.
    Task<> measure_stores();
    Task<Response> ready(bool to_administrator);
    /// What `/readyz` says of a full file system; empty if there is room.
    Task<std::string> full_note(Probe probe, bool to_administrator);

    registry::Registry& registry_;
    Metrics& metrics_;
    jobs::Retention* retention_;
    Readiness readiness_;
    Gauge& quarantined_;
    std::atomic<bool> draining_{false};
};

}  // namespace ocilot::http
