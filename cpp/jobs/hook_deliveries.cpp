#include "jobs/hook_deliveries.h"

#include "base/quote.h"
#include "jobs/consumer_metrics.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <chrono>
#include <fmt/format.h>

namespace ocilot::jobs {

namespace {

constexpr std::string_view hook_prefix = "hook:";
constexpr std::chrono::seconds hook_measure_pause{5};
/// A script that fails is most often repaired by a person: retried for about 20 hours.
constexpr DeliveryRules hook_rules{
    .backoff = std::chrono::seconds(1), .longest = std::chrono::minutes(30), .attempts = 50};

std::string consumer_name(std::string_view script) {
    return fmt::format("{}{}", hook_prefix, script);
}

bool is_of_hook(meta::Consumer const& consumer) {
    return consumer.name.starts_with(hook_prefix);
}

}  // namespace

struct HookDeliveries::Script {
    Script(Executor executor, HookReceiver of, DeliveryParts const& parts)
        : receiver(std::move(of)),
          loop(executor, consumer_name(receiver.listener().name), receiver, hook_rules, parts),
          tasks(executor,
                [&log = parts.log](std::string_view what) { log.error("delivery ended", {{"err", what}}); }) {
    }
    HookReceiver receiver;
    DeliveryLoop loop;
    TaskGroup tasks;
};

HookDeliveries::HookDeliveries(Executor executor, policy::Feed& feed, DeliveryParts parts)
    : executor_(executor), feed_(feed), parts_(std::move(parts)) {}

HookDeliveries::~HookDeliveries() = default;

Task<Result<>> HookDeliveries::join() {
    auto const listeners = feed_.listeners();
    for (auto const& listener : listeners) {
        CO_CHECK(co_await parts_.meta.consumers().join(consumer_name(listener.name)));
    }
    co_return Result<>();
}

Task<> HookDeliveries::run() {
    co_await asio::this_coro::throw_if_cancelled(false);
    using Ticks = std::chrono::steady_clock;
    waiter_.emplace(parts_.meta.journal().committed(), executor_);
    feed_.on_change([this] {
        asio::post(executor_, [this] {
            if (waiter_) waiter_->wake();
        });
    });
    auto measured_at = Ticks::time_point::min();
    while (!stopping_) {
        auto const state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none) break;
        if (feed_.generation() != generation_) co_await adopt();
        for (auto const& script : scripts_) script->loop.wake();
        if (measured_at == Ticks::time_point::min() || Ticks::now() - measured_at >= hook_measure_pause) {
            static_cast<void>(co_await measure());  // Without it the metrics stay as they are.
            measured_at = Ticks::now();
        }
        if (!stopping_) co_await waiter_->wait(hook_measure_pause);
    }
    feed_.on_change({});
    for (auto const& script : scripts_) script->loop.stop();
    feed_.end();
    for (auto const& script : scripts_) co_await end_script(*script);
    waiter_.reset();
}

void HookDeliveries::stop() {
    stopping_ = true;
    asio::post(executor_, [this] {
        for (auto const& script : scripts_) script->loop.stop();
        feed_.end();  // Also what a script that is being replaced is told: run() waits for it.
        if (waiter_) waiter_->wake();
    });
}

Task<> HookDeliveries::end_script(Script& script) {
    script.loop.stop();
    co_await script.tasks.join();
}

Task<> HookDeliveries::adopt() {
    generation_ = feed_.generation();
    auto wanted = feed_.listeners();
    // While they end they are not among the scripts: wake() may look through those meanwhile.
    std::vector<std::unique_ptr<Script>> ended;
    for (auto& script : scripts_) {
        auto const same = std::ranges::find(wanted, script->receiver.listener());
        if (same != wanted.end()) {
            wanted.erase(same);
            continue;
        }
        script->loop.stop();
        ended.push_back(std::move(script));
    }
    std::erase(scripts_, nullptr);
    for (auto const& script : ended) co_await end_script(*script);
    auto const forgotten = co_await forget_removed();
    if (forgotten.has_error()) {
        parts_.log.error("removed hooks not forgotten",
                         {{"err", std::string_view(forgotten.error().message)}});
    }
    for (auto& listener : wanted) {
        auto made = HookReceiver::make(feed_, std::move(listener), parts_.registry);
        if (made.has_error()) {
            parts_.log.error("hook not notified of events",
                             {{"err", std::string_view(made.error().message)}});
            continue;
        }
        auto& script = *scripts_.emplace_back(std::make_unique<Script>(executor_, std::move(*made), parts_));
        script.tasks.spawn(script.loop.run());
    }
}

Task<Result<>> HookDeliveries::forget_removed() {
    auto const listeners = feed_.listeners();
    CO_TRY(auto const consumers, co_await parts_.meta.consumers().list());
    for (auto const& consumer : consumers) {
        if (!is_of_hook(consumer)) continue;
        auto const name = std::string_view(consumer.name).substr(hook_prefix.size());
        if (std::ranges::find(listeners, name, &policy::Listener::name) != listeners.end()) continue;
        CO_CHECK(co_await parts_.meta.consumers().remove(consumer.name));
        note_consumer(parts_.metrics, {.name = consumer.name}, parts_.clock.now());  // Nothing waits for it.
        parts_.log.info("hook removed from the change log", {{"consumer", std::string_view(consumer.name)},
                                                             {"behind", std::uint64_t{consumer.behind}},
                                                             {"parked", std::uint64_t{consumer.parked}}});
    }
    co_return Result<>();
}

Task<Result<>> HookDeliveries::measure() {
    CO_TRY(auto const consumers, co_await parts_.meta.consumers().list());
    for (auto const& consumer : consumers) {
        if (is_of_hook(consumer)) note_consumer(parts_.metrics, consumer, parts_.clock.now());
    }
    co_return Result<>();
}

Task<Result<std::vector<meta::Consumer>>> HookDeliveries::list() const {
    CO_TRY(auto consumers, co_await parts_.meta.consumers().list());
    std::erase_if(consumers, [](auto const& one) { return !is_of_hook(one); });
    for (auto& consumer : consumers) consumer.name.erase(0, hook_prefix.size());
    co_return consumers;
}

Task<Result<std::string>> HookDeliveries::consumer_of(std::string_view script) const {
    auto name = consumer_name(script);
    CO_TRY(auto const consumers, co_await parts_.meta.consumers().list());
    if (std::ranges::find(consumers, name, &meta::Consumer::name) != consumers.end()) co_return name;
    co_return Error{
        Errc::not_found,
        fmt::format("no script {} has event hooks; list them with `ocilot hooks status`", quote(script))};
}

Task<Result<meta::HeldPage>> HookDeliveries::parked(std::string_view script, std::int64_t after,
                                                    std::size_t limit) const {
    CO_TRY(auto const consumer, co_await consumer_of(script));
    co_return co_await parts_.meta.consumers().parked(consumer, after, limit);
}

void HookDeliveries::wake(std::string const& consumer) {
    for (auto const& script : scripts_) {
        if (script->loop.consumer() == consumer) script->loop.wake(true);
    }
}

Task<Result<std::size_t>> HookDeliveries::replay(std::string_view script, std::optional<std::int64_t> id) {
    CO_TRY(auto const consumer, co_await consumer_of(script));
    CO_TRY(auto const count, co_await parts_.meta.consumers().replay(consumer, id, parts_.clock.now()));
    if (count > 0) {
        parts_.log.info("parked changes replayed",
                        {{"consumer", std::string_view(consumer)}, {"changes", std::uint64_t{count}}});
        asio::post(executor_, [this, consumer] { wake(consumer); });
    }
    co_return count;
}

Task<Result<std::size_t>> HookDeliveries::discard(std::string_view script, std::optional<std::int64_t> id) {
    CO_TRY(auto const consumer, co_await consumer_of(script));
    CO_TRY(auto const count, co_await parts_.meta.consumers().discard(consumer, id));
    if (count > 0) {
        parts_.log.info("parked changes discarded",
                        {{"consumer", std::string_view(consumer)}, {"changes", std::uint64_t{count}}});
    }
    co_return count;
}

}  // namespace ocilot::jobs
