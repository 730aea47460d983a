#pragma once

#include "base/task_group.h"
#include "jobs/delivery_loop.h"
#include "registry/fixture.h"

#include <boost/asio/this_coro.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace ocilot::test {

/// Takes pushes of manifests, and answers what it is told to.
class FakeReceiver final : public jobs::Receiver {
  public:
    /// A delivery: `team/app:1 team/app:2`, with `!` before a replay.
    std::vector<std::string> got = {};
    std::function<jobs::DeliveryAnswer(std::string const&)> answer = [](std::string const&) {
        return jobs::DeliveryAnswer{};
    };
    std::size_t most = 1;
    std::function<void()> looked = [] {};  ///< at a change

    [[nodiscard]] bool wants(meta::Change const& change) const override {
        looked();
        return change.kind == meta::ChangeKind::manifest_push;
    }
    [[nodiscard]] std::size_t batch() const noexcept override { return most; }
    Task<jobs::DeliveryAnswer> deliver(std::span<meta::Change const> changes, bool replay) override {
        std::string text = replay ? "!" : "";
        for (auto const& change : changes) {
            text += (text.empty() || text == "!" ? "" : " ") + change.repository + ":" + change.text;
        }
        got.push_back(text);
        co_return answer(text);
    }
};

/// A consumer that joined before anything happened, and its loop.
class DeliveryTest : public RegistryTest {
  protected:
    static constexpr char const* consumer = "webhook:a";

    void SetUp() override { ASSERT_TRUE(run(meta->consumers().join(consumer)).has_value()); }
    void note(std::string const& repository, std::string const& what,
              meta::ChangeKind kind = meta::ChangeKind::manifest_push) {
        meta::Change const change{
            .at = clock.now(), .kind = kind, .repository = repository, .name = what, .text = what};
        ASSERT_TRUE(run(meta->journal().append({change})).has_value());
    }
    /// Runs the loop until `done`, asked after each delivery.
    void deliver_until(std::function<bool()> done) {
        auto const inner = receiver.answer;
        receiver.answer = [&, inner](std::string const& what) {
            auto answer = inner(what);
            if (done()) loop->stop();
            return answer;
        };
        run(drive());
        receiver.answer = inner;
    }
    void deliver(std::size_t deliveries) {
        auto const until = receiver.got.size() + deliveries;
        deliver_until([this, until] { return receiver.got.size() >= until; });
    }
    Task<> drive() {
        loop = std::make_unique<jobs::DeliveryLoop>(co_await asio::this_coro::executor, consumer, receiver,
                                                    rules, delivery);
        co_await loop->run();
        loop.reset();
    }
    Task<> stop() {
        loop->stop();
        co_return;
    }
    meta::Consumer stored() { return run(meta->consumers().list()).value().at(0); }
    std::size_t count_logged(std::string_view message) {
        auto const text = sink.text();
        std::size_t count = 0;
        for (auto at = text.find(message); at != std::string::npos; at = text.find(message, at + 1)) ++count;
        return count;
    }
    static jobs::DeliveryAnswer fails(jobs::DeliveryVerdict verdict) {
        return {.verdict = verdict, .error = "status 500: no"};
    }

    SystemClock now;
    FakeReceiver receiver;
    jobs::DeliveryRules rules{.backoff = std::chrono::milliseconds(1),
                              .longest = std::chrono::milliseconds(2)};
    jobs::DeliveryParts delivery{*meta, now, random, log, metrics, "here"};
    std::unique_ptr<jobs::DeliveryLoop> loop;
};

}  // namespace ocilot::test
