#pragma once

#include "base/clock.h"
#include "base/log.h"
#include "jobs/receiver.h"
#include "jobs/webhook.h"
#include "registry/registry.h"

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

namespace ocilot::jobs {

/// The last request to a webhook.
struct WebhookExchange {
    Time at{};
    std::chrono::milliseconds took{0};
    unsigned status = 0;       ///< 0: there was no answer
    std::string error = {};    ///< empty if it was delivered and its answer read
    std::string excerpt = {};  ///< first bytes of the answer's body
};

/// Sends events to a webhook with POST. Follows redirects only to the same origin, and only if configured;
/// reads at most 64 KiB of an answer.
class WebhookReceiver final : public Receiver {
  public:
    /// `registry`: see DeliveryParts.
    WebhookReceiver(Webhook webhook, Clock const& clock, Log const& log,
                    registry::Registry* registry = nullptr);

    [[nodiscard]] Webhook const& webhook() const noexcept { return webhook_; }
    [[nodiscard]] bool wants(meta::Change const& change) const override;
    [[nodiscard]] std::size_t batch() const noexcept override { return webhook_.batch; }
    Task<DeliveryAnswer> deliver(std::span<meta::Change const> changes, bool replay) override;
    /// Sends an event that says that it is a test. From any thread.
    Task<DeliveryAnswer> test();
    /// From any thread.
    [[nodiscard]] std::optional<WebhookExchange> last() const;

  private:
    /// What it gets of a change.
    [[nodiscard]] std::vector<events::Event> events_of(meta::Change const& change) const;
    Task<DeliveryAnswer> send(std::span<events::Event const> events, bool replay);
    Task<DeliveryAnswer> post(events::Payload payload, bool replay);
    [[nodiscard]] net::HttpRequest request_of(events::Payload const& payload, bool replay,
                                              std::string url) const;
    /// The answer at the end of the redirects that are followed.
    Task<Result<net::HttpResponse>> answer_to(events::Payload const& payload, bool replay) const;
    Task<Result<>> read_answer(net::HttpBody& body, std::string& text) const;

    Webhook const webhook_;
    Clock const& clock_;
    Log const& log_;
    registry::Registry* registry_;
    mutable std::mutex mutex_;
    std::optional<WebhookExchange> last_;
};

}  // namespace ocilot::jobs
