#include "auth/fair_queue.h"

#include "run.h"

#include <boost/asio/detached.hpp>
#include <gmock/gmock.h>
#include <memory>
#include <string>
#include <vector>

using namespace ocilot;
using namespace ocilot::test;
using auth::FairQueue;
using auth::FairQueueRules;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

namespace {

struct SetClock final : Clock {
    Time at{std::chrono::hours(1000)};
    [[nodiscard]] Time now() const override { return at; }
};

/// A queue, and those who work in it until they are told to end.
class Queued : public testing::Test {
  protected:
    asio::io_context context{1};
    SetClock clock;
    Metrics metrics;
    std::unique_ptr<FairQueue> queue;
    std::vector<std::string> begun;
    std::vector<Error> refusals;
    std::vector<std::pair<std::string, FairQueue::Slot>> slots;

    void SetUp() override { make({}); }
    void TearDown() override { slots.clear(); }

    void make(FairQueueRules rules) { queue = std::make_unique<FairQueue>(rules, "test", clock, metrics); }

    void come(std::string key, std::string name) {
        asio::co_spawn(context.get_executor(), work(std::move(key), std::move(name)), asio::detached);
        go_on();
    }
    void end(std::string_view name) {
        auto const found = std::ranges::find(slots, name, [](auto const& one) { return one.first; });
        ASSERT_NE(found, slots.end()) << name;
        auto place = std::move(*found);
        std::vector<std::pair<std::string, FairQueue::Slot>> others;
        for (auto& one : slots) {
            if (&one != &*found) others.push_back(std::move(one));
        }
        slots.swap(others);
        others.clear();
        {
            auto const ended = std::move(place);
        }
        go_on();
    }
    void go_on() {
        context.restart();
        context.poll();
    }

  private:
    Task<> work(std::string key, std::string name) {
        auto place = co_await queue->enter(std::move(key));
        if (place.has_error()) {
            refusals.push_back(place.error());
            co_return;
        }
        begun.push_back(name + (place->waited() ? " waited" : ""));
        slots.emplace_back(std::move(name), std::move(*place));
    }
};

TEST_F(Queued, ThoseOfOneKeyWorkOneAfterTheOtherInOrder) {
    for (auto const* const name : {"a", "b", "c"}) come("same", name);
    end("a");
    end("b");
    EXPECT_THAT(begun, ElementsAre("a", "b waited", "c waited"));
}

TEST_F(Queued, ANewcomerIsNextHoweverManyOfAnotherWait) {
    make({.slots = 2, .slots_per_key = 2});
    for (int i = 0; i < 40; ++i) come("greedy", "g" + std::to_string(i));
    come("newcomer", "n");
    EXPECT_THAT(begun, ElementsAre("g0", "g1"));
    end("g0");
    end("g1");
    EXPECT_THAT(begun, ElementsAre("g0", "g1", "n waited", "g2 waited"));
}

TEST_F(Queued, KeysTakeTurns) {
    make({.slots = 1, .slots_per_key = 1});
    for (auto const* const name : {"a1", "a2", "a3"}) come("a", name);
    for (auto const* const name : {"b1", "b2"}) come("b", name);
    come("c", "c1");
    for (auto const* const name : {"a1", "b1", "c1", "a2", "b2"}) end(name);
    EXPECT_THAT(begun, ElementsAre("a1", "b1 waited", "c1 waited", "a2 waited", "b2 waited", "a3 waited"));
}

TEST_F(Queued, OneKeyNeverHasAllPlaces) {
    make({.slots = 4, .slots_per_key = 2});
    for (int i = 0; i < 10; ++i) come("hanging", "h" + std::to_string(i));
    come("other", "o");
    EXPECT_THAT(begun, ElementsAre("h0", "h1", "o")) << "at once, though none of the others ends";
}

TEST_F(Queued, AFullLineRefusesItsOwnKeyOnly) {
    make({.slots = 1, .slots_per_key = 1, .queue_per_key = 3});
    for (int i = 0; i < 6; ++i) come("greedy", "g" + std::to_string(i));
    EXPECT_EQ(refusals.size(), 2U) << "one works and three wait";
    come("other", "o");
    EXPECT_EQ(refusals.size(), 2U);
    EXPECT_EQ(refusals.at(0).code, Errc::too_many_requests);
    EXPECT_GE(refusals.at(0).retry_after, 1U);
    EXPECT_THAT(metrics.text(), HasSubstr("ocilot_auth_queue_refused_total{queue=\"test\"} 2"));
    EXPECT_THAT(metrics.text(), HasSubstr("ocilot_auth_queue_waiting{queue=\"test\"} 4"));
    EXPECT_THAT(metrics.text(), HasSubstr("ocilot_auth_queue_working{queue=\"test\"} 1"));
}

TEST_F(Queued, WhatWaitedTooLongIsRefusedAndTheNextHasItsPlace) {
    make({.slots = 1, .slots_per_key = 1, .queue_per_key = 8, .longest_wait = seconds(10)});
    come("a", "a1");
    come("a", "a2");
    clock.at += seconds(8);
    come("a", "a3");
    clock.at += seconds(3);
    end("a1");
    EXPECT_EQ(refusals.size(), 1U);
    EXPECT_THAT(begun, ElementsAre("a1", "a3 waited"));
}

TEST_F(Queued, TheTimeToRetryIsWhatTheLineTakes) {
    make({.slots = 1, .slots_per_key = 1, .queue_per_key = 1});
    come("a", "a1");
    come("a", "a2");
    clock.at += seconds(4);
    come("a", "a3");
    ASSERT_EQ(refusals.size(), 1U);
    EXPECT_EQ(refusals.at(0).retry_after, 4U);
}

TEST_F(Queued, AKeyThatNobodyHoldsIsForgotten) {
    come("a", "a1");
    end("a1");
    come("a", "a2");
    end("a2");
    EXPECT_THAT(begun, ElementsAre("a1", "a2"));
    EXPECT_THAT(metrics.text(), HasSubstr("ocilot_auth_queue_working{queue=\"test\"} 0"));
}

}  // namespace
