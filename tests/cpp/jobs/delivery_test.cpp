#include "jobs/delivery_fixture.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <gmock/gmock.h>
#include <stdexcept>
#include <utility>

using namespace ocilot;
using namespace ocilot::test;
using jobs::DeliveryVerdict;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;

TEST_F(DeliveryTest, DeliversWhatIsWantedInOrderAndKeepsItsPlace) {
    note("a", "1");
    note("a", "login", meta::ChangeKind::login);
    note("b", "2");
    note("a", "3");
    deliver(3);
    EXPECT_THAT(receiver.got, ElementsAre("a:1", "b:2", "a:3"));
    EXPECT_EQ(stored().place, run(meta->journal().last()).value());
    EXPECT_EQ(stored().behind, 0U);
    note("a", "4");
    deliver(1);
    EXPECT_EQ(receiver.got.back(), "a:4") << "and nothing again";
    EXPECT_EQ(receiver.got.size(), 4U);
}

TEST_F(DeliveryTest, DeliversSeveralAtOnceIfTheReceiverTakesThem) {
    receiver.most = 3;
    for (auto const* const what : {"1", "2", "3", "4"}) note("a", what);
    deliver(2);
    EXPECT_THAT(receiver.got, ElementsAre("a:1 a:2 a:3", "a:4"));
}

TEST_F(DeliveryTest, LargeChangesAreReadAFewAtATimeAndNoneIsLeft) {
    receiver.most = 100;
    // It is the name, too.
    auto const large = std::string(meta::enough_change_bytes / 4, 'x');
    for (auto const* const what : {"1", "2", "3", "4", "5"}) note("a", what + large);
    std::vector<std::ptrdiff_t> sizes;
    std::ptrdiff_t sum = 0;
    receiver.answer = [&](std::string const& what) {
        sizes.push_back(std::ranges::count(what, ' ') + 1);
        sum += sizes.back();
        return jobs::DeliveryAnswer{};
    };
    deliver_until([&] { return sum >= 5; });
    EXPECT_THAT(sizes, ElementsAre(2, 2, 1)) << "changes in memory at once";
    EXPECT_EQ(stored().behind, 0U);
}

TEST_F(DeliveryTest, LargeChangesThatWaitAreAllTriedAgain) {
    auto const large = std::string(meta::enough_change_bytes / 4, 'x');
    bool mended = false;
    receiver.answer = [&](std::string const&) {
        return mended ? jobs::DeliveryAnswer{} : fails(DeliveryVerdict::failed);
    };
    for (auto const* const repository : {"a", "b", "c", "d", "e"}) note(repository, large);
    deliver(5);
    mended = true;
    deliver_until([&] { return receiver.got.size() >= 10; });
    EXPECT_EQ(stored().waiting, 0U);
}

TEST_F(DeliveryTest, OneThatFailsHoldsBackItsRepositoryOnly) {
    bool mended = false;
    receiver.answer = [&](std::string const& what) {
        return what.starts_with("bad:") && !mended ? fails(DeliveryVerdict::failed) : jobs::DeliveryAnswer{};
    };
    note("bad", "1");
    note("good", "1");
    note("bad", "2");
    note("good", "2");
    deliver_until([&] { return receiver.got.back() == "good:2"; });
    auto const held = run(meta->consumers().waiting(consumer, 0, 10)).value().items;
    ASSERT_EQ(held.size(), 2U);
    EXPECT_EQ(held[0].attempts, 1U);
    EXPECT_EQ(held[1].attempts, 0U) << "it waits behind the first";
    EXPECT_EQ(stored().place, run(meta->journal().last()).value());
    mended = true;
    receiver.got.clear();
    note("bad", "3");
    deliver_until([&] { return receiver.got.size() == 3; });
    EXPECT_THAT(receiver.got, ElementsAre("bad:1", "bad:2", "bad:3"));
    EXPECT_EQ(stored().waiting, 0U);
}

TEST_F(DeliveryTest, WhatWasJustSetAsideIsNotOvertakenInItsRepository) {
    rules.backoff = rules.longest = std::chrono::hours(1);
    receiver.answer = [&](std::string const& what) {
        if (what == "good:1") {  // Before the first turn is stored.
            note("bad", "2");
            note("good", "2");
            loop->wake();
        }
        return what.starts_with("bad:") ? fails(DeliveryVerdict::failed) : jobs::DeliveryAnswer{};
    };
    note("bad", "1");
    note("good", "1");
    deliver_until([&] { return receiver.got.back() == "good:2"; });
    EXPECT_THAT(receiver.got, ElementsAre("bad:1", "good:1", "good:2"));
    EXPECT_EQ(stored().waiting, 2U);
}

TEST_F(DeliveryTest, WhatWaitsIsNotOvertakenHoweverManyReplaysAreBeforeIt) {
    rules.backoff = rules.longest = std::chrono::hours(1);
    rules.max_waiting = 4;
    bool mended = false;
    receiver.answer = [&](std::string const& what) {
        if (what == "x:1" || what.starts_with("y:")) return fails(DeliveryVerdict::failed);
        return mended ? jobs::DeliveryAnswer{} : fails(DeliveryVerdict::gone);
    };
    for (auto const* const repository : {"a", "b", "c", "x", "y"}) note(repository, "1");
    deliver(5);
    EXPECT_EQ(stored().parked, 3U);
    EXPECT_EQ(stored().waiting, 2U);
    mended = true;
    receiver.got.clear();
    EXPECT_EQ(run(meta->consumers().replay(consumer, {}, now.now())).value(), 3U);
    note("y", "2");
    note("z", "1");
    deliver_until([&] { return receiver.got.back() == "z:1"; });
    EXPECT_THAT(receiver.got, ElementsAre("!a:1", "!b:1", "!c:1", "z:1"));
}

TEST_F(DeliveryTest, OthersHaveTheirTurnWhileItCatchesUp) {
    meta::Change const login{.at = clock.now(), .kind = meta::ChangeKind::login};
    ASSERT_TRUE(run(meta->journal().append(std::vector<meta::Change>(600, login))).has_value());
    note("a", "1");
    asio::io_context context(1);
    bool had_turn = false;
    receiver.looked = [&, is_first = true]() mutable {
        if (std::exchange(is_first, false)) asio::post(context, [&] { had_turn = true; });
    };
    bool before = false;
    receiver.answer = [&](std::string const&) {
        before = had_turn;
        loop->stop();
        return jobs::DeliveryAnswer{};
    };
    TaskGroup tasks(context.get_executor());
    tasks.spawn(drive());
    context.run();
    EXPECT_THAT(receiver.got, ElementsAre("a:1"));
    EXPECT_TRUE(before);
}

TEST_F(DeliveryTest, OneThatIsRejectedIsParkedAfterAFewAttemptsAndCanBeReplayed) {
    bool mended = false;
    receiver.answer = [&](std::string const& what) {
        return what.ends_with("poison") && !mended ? fails(DeliveryVerdict::rejected)
                                                   : jobs::DeliveryAnswer{};
    };
    note("a", "poison");
    note("a", "2");
    deliver_until([&] { return receiver.got.back() == "a:2"; });
    EXPECT_EQ(receiver.got.size(), 6U) << "five attempts, then the next";
    auto const parked = run(meta->consumers().parked(consumer, 0, 10)).value().items;
    ASSERT_EQ(parked.size(), 1U);
    EXPECT_EQ(parked[0].attempts, 5U);
    EXPECT_EQ(parked[0].error, "status 500: no");
    EXPECT_EQ(count_logged("change parked"), 1U);
    mended = true;
    receiver.got.clear();
    EXPECT_EQ(run(meta->consumers().replay(consumer, {}, now.now())).value(), 1U);
    deliver(1);
    EXPECT_THAT(receiver.got, ElementsAre("!a:poison"));
    EXPECT_EQ(stored().waiting, 0U);
    EXPECT_EQ(stored().parked, 0U);
}

TEST_F(DeliveryTest, OneThatIsGoneIsParkedAtOnceAndOneThatFailsWhenItsAttemptsAreUsedUp) {
    rules.attempts = 3;
    receiver.answer = [&](std::string const& what) {
        if (what == "a:gone") return fails(DeliveryVerdict::gone);
        return what == "b:failing" ? fails(DeliveryVerdict::failed) : jobs::DeliveryAnswer{};
    };
    note("a", "gone");
    note("b", "failing");
    note("b", "next");
    deliver_until([&] { return receiver.got.back() == "b:next"; });
    auto const parked = run(meta->consumers().parked(consumer, 0, 10)).value().items;
    ASSERT_EQ(parked.size(), 2U);
    EXPECT_EQ(parked[0].attempts, 1U);
    EXPECT_EQ(parked[1].attempts, 3U);
}

TEST_F(DeliveryTest, WhereNothingIsAnsweredAllWaitAndNothingIsCopied) {
    rules.threshold = 3;
    int attempts = 0;
    receiver.answer = [&](std::string const&) {
        return ++attempts <= 5 ? jobs::DeliveryAnswer{.verdict = DeliveryVerdict::unavailable,
                                                      .error = "connection refused"}
                               : jobs::DeliveryAnswer{};
    };
    note("a", "1");
    note("b", "1");
    deliver_until([&] { return attempts == 5; });  // The last one is under way at the stop.
    EXPECT_EQ(stored().waiting, 0U);
    EXPECT_EQ(stored().behind, 2U);
    EXPECT_EQ(stored().state.failures, 4U);
    EXPECT_EQ(stored().state.last_error, "connection refused");
    EXPECT_TRUE(stored().state.failing_since.has_value());
    EXPECT_EQ(count_logged("delivery failing"), 1U) << "not for each attempt";
    EXPECT_EQ(count_logged("delivery resting"), 1U);
    deliver_until([&] { return attempts == 7; });
    EXPECT_EQ(count_logged("delivery recovered"), 1U);
    EXPECT_EQ(stored().state.failures, 0U);
    EXPECT_EQ(stored().behind, 0U);
}

TEST_F(DeliveryTest, WhatTheStopEndsIsNoFailure) {
    receiver.answer = [](std::string const&) { return fails(DeliveryVerdict::unavailable); };
    note("a", "1");
    deliver(1);
    EXPECT_EQ(receiver.got.size(), 1U);
    EXPECT_EQ(stored().state.failures, 0U);
    EXPECT_EQ(stored().behind, 1U);
    EXPECT_EQ(count_logged("delivery failing"), 0U);
}

TEST_F(DeliveryTest, OfSeveralThatFailTheOneAtFaultIsFoundOneByOne) {
    receiver.most = 10;
    receiver.answer = [](std::string const& what) {
        return what.find("poison") != std::string::npos ? fails(DeliveryVerdict::gone)
                                                        : jobs::DeliveryAnswer{};
    };
    note("a", "1");
    note("b", "poison");
    note("c", "3");
    deliver_until([&] { return receiver.got.back() == "c:3"; });
    EXPECT_THAT(receiver.got, ElementsAre("a:1 b:poison c:3", "a:1", "b:poison", "c:3"));
    EXPECT_EQ(stored().parked, 1U);
    receiver.got.clear();
    note("a", "4");
    note("a", "5");
    deliver(1);
    EXPECT_THAT(receiver.got, ElementsAre("a:4 a:5")) << "and together again";
}

TEST_F(DeliveryTest, NoMoreIsSetAsideThanItsBound) {
    rules.max_waiting = 2;
    rules.threshold = 1000;
    rules.attempts = 1'000'000;
    receiver.answer = [](std::string const&) { return fails(DeliveryVerdict::failed); };
    for (int i = 0; i < 10; ++i) note("r" + std::to_string(i), "1");
    deliver(20);
    EXPECT_EQ(stored().waiting, 2U);
    EXPECT_EQ(stored().behind, 8U);
}

TEST_F(DeliveryTest, WhatAReceiverThrowsEndsATurnAndNotTheLoop) {
    int attempts = 0;
    receiver.answer = [&](std::string const&) -> jobs::DeliveryAnswer {
        if (++attempts == 1) {
            loop->stop();
            throw std::runtime_error("a defect");
        }
        return {};
    };
    note("a", "1");
    run(drive());
    EXPECT_EQ(count_logged("delivery interrupted"), 1U);
    EXPECT_EQ(stored().behind, 1U);
    deliver(1);
    EXPECT_THAT(receiver.got, ElementsAre("a:1", "a:1"));
}

TEST_F(DeliveryTest, WhereAnotherProcessHasTheLeaseNothingIsDelivered) {
    ASSERT_TRUE(run(meta->leases().acquire("consumer/webhook:a", "elsewhere", std::chrono::seconds(60)))
                    .value()
                    .has_value());
    note("a", "1");
    asio::io_context context(1);
    loop = std::make_unique<jobs::DeliveryLoop>(context.get_executor(), consumer, receiver, rules, delivery);
    TaskGroup tasks(context.get_executor());
    tasks.spawn(loop->run());
    tasks.spawn(stop());
    context.run();
    loop.reset();
    EXPECT_THAT(receiver.got, IsEmpty());
    EXPECT_EQ(stored().behind, 1U);
}

TEST(DeliveryDelay, GrowsToItsCapAndIsNeverLessThanHalf) {
    SystemRandom random;
    jobs::DeliveryRules const rules{.backoff = std::chrono::milliseconds(1000),
                                    .longest = std::chrono::milliseconds(60'000)};
    for (int i = 0; i < 100; ++i) {
        EXPECT_THAT(jobs::delivery_delay(rules, 1, random).count(), AllOf(Ge(500), Le(1000)));
        EXPECT_THAT(jobs::delivery_delay(rules, 4, random).count(), AllOf(Ge(4000), Le(8000)));
        EXPECT_THAT(jobs::delivery_delay(rules, 1'000'000, random).count(), AllOf(Ge(30'000), Le(60'000)));
    }
}
