#include "jobs/webhooks.h"

#include "base/quote.h"
#include "jobs/consumer_metrics.h"
#include "net/url.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

namespace ocilot::jobs {

namespace {

constexpr std::string_view webhook_prefix = "webhook:";
/// Commits within this are one wake-up: many pushes, one request with many events.
constexpr std::chrono::milliseconds linger{20};
constexpr std::chrono::seconds measure_pause{5};

std::string origin_of(std::string const& url) {
    auto const parsed = net::parse_url(url);
    return parsed.has_value() ? parsed->origin() : "invalid URL";
}

std::string_view state_of(Webhook const& webhook, meta::ConsumerState const& state) noexcept {
    if (!webhook.enabled) return "disabled";
    if (state.failures == 0) return "ok";
    return state.failures < webhook.rules.threshold ? "failing" : "resting";
}

}  // namespace

Webhooks::Webhooks(Executor executor, std::vector<Webhook> webhooks, DeliveryParts parts)
    : executor_(executor),
      parts_(std::move(parts)),
      tasks_(executor,
             [this](std::string_view what) { parts_.log.error("delivery ended", {{"err", what}}); }),
      timer_(executor) {
    for (auto& webhook : webhooks) {
        auto const rules = webhook.rules;
        bool const enabled = webhook.enabled;
        auto consumer = webhook.consumer();
        auto& receiver = *receivers_.emplace_back(
            std::make_unique<WebhookReceiver>(std::move(webhook), parts_.clock, parts_.log, parts_.registry));
        if (!enabled) continue;
        loops_.push_back(
            std::make_unique<DeliveryLoop>(executor, std::move(consumer), receiver, rules, parts_));
    }
}

Task<Result<>> Webhooks::join() {
    for (auto const& loop : loops_) {
        CO_CHECK(co_await parts_.meta.consumers().join(loop->consumer()));
    }
    co_return Result<>();
}

Task<> Webhooks::run() {
    co_await asio::this_coro::throw_if_cancelled(false);
    auto const forgotten = co_await forget_removed();
    if (forgotten.has_error()) {
        parts_.log.error("removed webhooks not forgotten",
                         {{"err", std::string_view(forgotten.error().message)}});
    }
    if (loops_.empty()) co_return;
    meta::CommitSignal::Subscription const commits(parts_.meta.journal().committed(),
                                                   [this] { note_commit(); });
    for (auto const& loop : loops_) tasks_.spawn(loop->run());
    co_await attend();
    for (auto const& loop : loops_) loop->stop();
    tasks_.cancel();
    co_await tasks_.join();
}

void Webhooks::stop() {
    stopping_ = true;
    asio::post(executor_, [this] { timer_.cancel(); });
}

void Webhooks::note_commit() {
    if (!armed_.exchange(false)) return;
    asio::post(executor_, [this] {
        committed_ = true;
        timer_.cancel();
    });
}

Task<> Webhooks::sleep_until(Ticks::time_point time) {
    timer_.expires_at(time);
    boost::system::error_code ended;
    co_await timer_.async_wait(asio::redirect_error(use_task, ended));
}

Task<> Webhooks::attend() {
    auto measured_at = Ticks::time_point::min();
    while (!stopping_) {
        auto const state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none) co_return;
        if (committed_) {
            committed_ = false;
            co_await sleep_until(Ticks::now() + linger);
            armed_ = true;  // Before the loops read: what is committed from now on wakes them again.
            for (auto const& loop : loops_) loop->wake();
        }
        if (measured_at == Ticks::time_point::min() || Ticks::now() - measured_at >= measure_pause) {
            static_cast<void>(co_await measure());  // Without it the metrics stay as they are.
            measured_at = Ticks::now();
        }
        if (!committed_ && !stopping_) co_await sleep_until(measured_at + measure_pause);
    }
}

Task<Result<>> Webhooks::forget_removed() {
    CO_TRY(auto const consumers, co_await parts_.meta.consumers().list());
    for (auto const& consumer : consumers) {
        if (!consumer.name.starts_with(webhook_prefix)) continue;
        auto const name = std::string_view(consumer.name).substr(webhook_prefix.size());
        if (find(name).has_value()) continue;
        CO_CHECK(co_await parts_.meta.consumers().remove(consumer.name));
        parts_.log.info("webhook removed", {{"consumer", std::string_view(consumer.name)},
                                            {"behind", std::uint64_t{consumer.behind}},
                                            {"parked", std::uint64_t{consumer.parked}}});
    }
    co_return Result<>();
}

Task<Result<>> Webhooks::measure() {
    CO_TRY(auto const consumers, co_await parts_.meta.consumers().list());
    for (auto const& consumer : consumers) note_consumer(parts_.metrics, consumer, parts_.clock.now());
    co_return Result<>();
}

Result<WebhookReceiver*> Webhooks::find(std::string_view name) const {
    for (auto const& receiver : receivers_) {
        if (receiver->webhook().name == name) return receiver.get();
    }
    return Error{Errc::not_found,
                 fmt::format("no webhook {}; list them with `ocilot webhooks ls`", quote(name))};
}

WebhookStatus Webhooks::status_of(WebhookReceiver const& receiver,
                                  std::vector<meta::Consumer> const& consumers) {
    auto const& webhook = receiver.webhook();
    WebhookStatus status{.name = webhook.name,
                         .url = origin_of(webhook.url),
                         .format = webhook.packing.format,
                         .state = {},
                         .consumer = {},
                         .last = receiver.last()};
    auto const found = std::ranges::find(consumers, webhook.consumer(), &meta::Consumer::name);
    if (found != consumers.end()) status.consumer = *found;
    status.state = state_of(webhook, status.consumer.state);
    return status;
}

Task<Result<std::vector<WebhookStatus>>> Webhooks::list() const {
    CO_TRY(auto const consumers, co_await parts_.meta.consumers().list());
    std::vector<WebhookStatus> all;
    for (auto const& receiver : receivers_) all.push_back(status_of(*receiver, consumers));
    co_return all;
}

Task<Result<WebhookStatus>> Webhooks::status(std::string_view name) const {
    CO_TRY(auto const* const receiver, find(name));
    CO_TRY(auto const consumers, co_await parts_.meta.consumers().list());
    co_return status_of(*receiver, consumers);
}

Task<Result<DeliveryAnswer>> Webhooks::test(std::string_view name) {
    CO_TRY(auto* const receiver, find(name));
    co_return co_await receiver->test();
}

Task<Result<meta::HeldPage>> Webhooks::parked(std::string_view name, std::int64_t after,
                                              std::size_t limit) const {
    CO_TRY(auto const* const receiver, find(name));
    co_return co_await parts_.meta.consumers().parked(receiver->webhook().consumer(), after, limit);
}

Task<Result<std::size_t>> Webhooks::replay(std::string_view name, std::optional<std::int64_t> id) {
    CO_TRY(auto const* const receiver, find(name));
    auto const consumer = receiver->webhook().consumer();
    CO_TRY(auto const count, co_await parts_.meta.consumers().replay(consumer, id, parts_.clock.now()));
    if (count > 0) {
        parts_.log.info("parked changes replayed",
                        {{"consumer", std::string_view(consumer)}, {"changes", std::uint64_t{count}}});
        asio::post(executor_, [this, consumer] {
            for (auto const& loop : loops_) {
                if (loop->consumer() == consumer) loop->wake(true);
            }
        });
    }
    co_return count;
}

Task<Result<std::size_t>> Webhooks::discard(std::string_view name, std::optional<std::int64_t> id) {
    CO_TRY(auto const* const receiver, find(name));
    auto const consumer = receiver->webhook().consumer();
    CO_TRY(auto const count, co_await parts_.meta.consumers().discard(consumer, id));
    if (count > 0) {
        parts_.log.info("parked changes discarded",
                        {{"consumer", std::string_view(consumer)}, {"changes", std::uint64_t{count}}});
    }
    co_return count;
}

}  // namespace ocilot::jobs
