#pragma once

#include "base/task_group.h"
#include "jobs/delivery_loop.h"
#include "jobs/webhook_status.h"
#include "meta/commit_signal.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::jobs {

/// The webhooks of a registry: delivers to each on its own, and answers how they fare. run() lives on the
/// thread of the executor; all else is thread-safe. not_found for an unknown name.
class Webhooks {
  public:
    Webhooks(Executor executor, std::vector<Webhook> webhooks, DeliveryParts parts);
    Webhooks(Webhooks const&) = delete;
    Webhooks& operator=(Webhooks const&) = delete;

    /// Before the first request: what is pushed from then on is delivered.
    Task<Result<>> join();
    /// Delivers until stop(). Forgets webhooks that are configured no more.
    Task<> run();
    /// Ends requests under way, and run() with them. Returns at once.
    void stop();

    Task<Result<std::vector<WebhookStatus>>> list() const;
    Task<Result<WebhookStatus>> status(std::string_view name) const;
    /// Sends a test event now, also to one that is disabled or rests.
    Task<Result<DeliveryAnswer>> test(std::string_view name);
    Task<Result<meta::HeldPage>> parked(std::string_view name, std::int64_t after, std::size_t limit) const;
    /// Delivers what is parked again: the change `id`, or all. Answers how many.
    Task<Result<std::size_t>> replay(std::string_view name, std::optional<std::int64_t> id);
    /// Forgets what is parked: the change `id`, or all. Answers how many.
    Task<Result<std::size_t>> discard(std::string_view name, std::optional<std::int64_t> id);

  private:
    using Ticks = std::chrono::steady_clock;
    using Timer = asio::basic_waitable_timer<Ticks, asio::wait_traits<Ticks>, Executor>;

    [[nodiscard]] Result<WebhookReceiver*> find(std::string_view name) const;
    [[nodiscard]] static WebhookStatus status_of(WebhookReceiver const& receiver,
                                                 std::vector<meta::Consumer> const& consumers);
    Task<Result<>> forget_removed();
    Task<Result<>> measure();
    /// Until stop(): wakes the loops after commits, and measures now and then.
    Task<> attend();
    Task<> sleep_until(Ticks::time_point time);
    /// From any thread: one wake-up for all commits until it is served.
    void note_commit();

    Executor executor_;
    DeliveryParts const parts_;
    std::vector<std::unique_ptr<WebhookReceiver>> receivers_;
    std::vector<std::unique_ptr<DeliveryLoop>> loops_;  // Of those that are enabled.
    TaskGroup tasks_;
    Timer timer_;
    std::atomic<bool> stopping_{false};
    std::atomic<bool> armed_{true};
    bool committed_ = false;
};

}  // namespace ocilot::jobs
