#include "auth/rate_limits.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace ocilot::auth::test {

using std::chrono::milliseconds;
using std::chrono::seconds;

class RateLimitsTest : public ::testing::Test {
  protected:
    static RateRule rule(std::uint64_t requests, seconds window) {
        RateRule out;
        out.classes = {RequestClass::manifests, RequestClass::reads};
        out.requests = requests;
        out.window = window;
        return out;
    }
    static policy::Caller from(std::string address) { return {{}, {}, std::move(address)}; }
    static policy::Caller named(std::string name, std::string address = "192.0.2.1") {
        return {std::move(name), {}, std::move(address), policy::CallerKind::user};
    }
    RateVerdict read(RateLimits& limits, policy::Caller const& caller) const {
        return limits.take(RequestClass::reads, caller, now);
    }

    Metrics metrics;
    Time now{seconds(1'000'000)};
};

TEST_F(RateLimitsTest, AWindowTakesAsManyAsItSaysAndTellsHowManyAreLeft) {
    RateLimits limits({rule(3, seconds(60))}, metrics);
    for (std::uint64_t left : {2U, 1U, 0U}) {
        auto const taken = read(limits, from("192.0.2.1"));
        EXPECT_TRUE(taken.allowed);
        EXPECT_EQ(taken.remaining, left);
        EXPECT_EQ(taken.limit, 3U);
        EXPECT_EQ(taken.window, seconds(60));
        EXPECT_EQ(taken.reset, seconds(static_cast<int>(3 - left) * 20));
    }
    auto const refused = read(limits, from("192.0.2.1"));
    EXPECT_FALSE(refused.allowed);
    EXPECT_EQ(refused.wait_for, seconds(20));
}

TEST_F(RateLimitsTest, WhoWaitsAsLongAsItWasToldIsTaken) {
    RateLimits limits({rule(3, seconds(60))}, metrics);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(read(limits, named("ann")).allowed);
    auto const refused = read(limits, named("ann"));
    now += refused.wait_for - milliseconds(1);
    EXPECT_FALSE(read(limits, named("ann")).allowed);
    now += milliseconds(1);
    EXPECT_TRUE(read(limits, named("ann")).allowed);
    EXPECT_FALSE(read(limits, named("ann")).allowed);
}

TEST_F(RateLimitsTest, AClockThatWasSetBackLocksNobodyOut) {
    RateLimits limits({rule(3, seconds(60))}, metrics);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(read(limits, named("ann")).allowed);
    now -= seconds(100'000);
    EXPECT_LE(read(limits, named("ann")).wait_for, seconds(20));
    now += seconds(20);
    EXPECT_TRUE(read(limits, named("ann")).allowed);
}

TEST_F(RateLimitsTest, OverTimeTheRateIsNeverMoreThanTheRule) {
    RateLimits limits({rule(10, seconds(10))}, metrics);
    int taken = 0;
    for (int step = 0; step < 10'000; ++step, now += milliseconds(10)) {
        if (read(limits, named("ann")).allowed) ++taken;
    }
    EXPECT_EQ(taken, 10 + 99);  // What may come at once, then one a second for 99.99 s.
}

TEST_F(RateLimitsTest, CallersDoNotTakeFromEachOther) {
    RateLimits limits({rule(1, seconds(60))}, metrics);
    EXPECT_TRUE(read(limits, named("ann")).allowed);
    EXPECT_FALSE(read(limits, named("ann", "192.0.2.9")).allowed) << "another address is the same caller";
    EXPECT_TRUE(read(limits, named("bob")).allowed);
    auto robot = named("ann");
    robot.kind = policy::CallerKind::robot;
    EXPECT_TRUE(read(limits, robot).allowed) << "a robot of the same name is somebody else";
    EXPECT_TRUE(read(limits, from("192.0.2.1")).allowed);
    EXPECT_FALSE(read(limits, from("192.0.2.1")).allowed);
    EXPECT_TRUE(read(limits, from("192.0.2.2")).allowed);
}

TEST_F(RateLimitsTest, ARuleByAddressCountsAllWhoShareIt) {
    auto shared = rule(2, seconds(60));
    shared.per_address = true;
    RateLimits limits({shared}, metrics);
    EXPECT_TRUE(read(limits, named("ann")).allowed);
    EXPECT_TRUE(read(limits, named("bob")).allowed);
    EXPECT_FALSE(read(limits, named("cid")).allowed);
    EXPECT_TRUE(read(limits, named("cid", "192.0.2.2")).allowed);
}

TEST_F(RateLimitsTest, AHouseholdOfIpv6IsOneSender) {
    RateLimits limits({rule(1, seconds(60))}, metrics);
    EXPECT_TRUE(read(limits, from("2001:db8:1:2::1")).allowed);
    EXPECT_FALSE(read(limits, from("2001:db8:1:2:ffff::2")).allowed);
    EXPECT_TRUE(read(limits, from("2001:db8:1:3::1")).allowed);
    EXPECT_TRUE(read(limits, from("::ffff:192.0.2.1")).allowed);
    EXPECT_TRUE(read(limits, from("::ffff:192.0.2.2")).allowed);
}

TEST_F(RateLimitsTest, ClassesAndKindsOfCallersThatARuleDoesNotNameAreNotCounted) {
    auto anonymous = rule(1, seconds(60));
    anonymous.named = false;
    RateLimits limits({anonymous}, metrics);
    for (int i = 0; i < 5; ++i) {
        EXPECT_TRUE(limits.take(RequestClass::writes, from("192.0.2.1"), now).allowed);
        auto const free = read(limits, named("ann"));
        EXPECT_TRUE(free.allowed);
        EXPECT_EQ(free.window, seconds(0)) << "no rule to tell of";
    }
    EXPECT_TRUE(read(limits, from("192.0.2.1")).allowed);
    EXPECT_FALSE(limits.take(RequestClass::manifests, from("192.0.2.1"), now).allowed)
        << "classes of one rule are counted together";
}

TEST_F(RateLimitsTest, TheTightestRuleSpeaksAndARefusedRequestCostsNothing) {
    RateLimits limits({rule(100, seconds(60)), rule(2, seconds(1))}, metrics);
    EXPECT_EQ(read(limits, named("ann")).limit, 2U);
    EXPECT_TRUE(read(limits, named("ann")).allowed);
    for (int i = 0; i < 200; ++i) {
        auto const refused = read(limits, named("ann"));
        EXPECT_FALSE(refused.allowed);
        EXPECT_EQ(refused.wait_for, seconds(1));
    }
    now += seconds(1);
    EXPECT_TRUE(read(limits, named("ann")).allowed)
        << "the long rule did not count what the short one refused";
    EXPECT_NE(metrics.text().find("ocilot_rate_refused_total 200"), std::string::npos);
}

TEST_F(RateLimitsTest, AFloodOfAddressesTakesBoundedMemoryAndDoesNotFreeTheBusy) {
    RateLimits limits({rule(2, seconds(60))}, metrics, 64);
    EXPECT_TRUE(read(limits, named("ann")).allowed);
    EXPECT_TRUE(read(limits, named("ann")).allowed);
    for (int i = 0; i < 64; ++i) EXPECT_TRUE(read(limits, from(fmt::format("192.0.2.{}", i))).allowed);
    EXPECT_FALSE(read(limits, named("ann")).allowed) << "who owes most is forgotten last";
}

TEST(RequestClasses, HaveWords) {
    for (auto const kind :
         {RequestClass::manifests, RequestClass::reads, RequestClass::writes, RequestClass::logins}) {
        EXPECT_EQ(parse_request_class(to_string(kind)), kind);
    }
    EXPECT_EQ(parse_request_class("everything"), std::nullopt);
}

}  // namespace ocilot::auth::test
