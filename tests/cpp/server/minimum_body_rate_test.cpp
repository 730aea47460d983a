#include "server/minimum_body_rate.h"

#include <gtest/gtest.h>

using namespace ocilot;
using namespace std::chrono_literals;
using server::Limits;
using server::MinimumBodyRate;

namespace {

Limits thousand_a_second() {
    Limits limits;
    limits.body_rate = 1000;
    limits.body_grace = 2s;
    limits.idle_time = 10s;
    return limits;
}

}  // namespace

TEST(MinimumBodyRate, StartsWithTheGrace) {
    EXPECT_EQ(MinimumBodyRate(thousand_a_second()).time_left(), 2s);
}

TEST(MinimumBodyRate, ABodyAtTheRateGoesOnForEver) {
    MinimumBodyRate rate(thousand_a_second());
    for (int i = 0; i < 1000; ++i) rate.received(1s, 1000);
    EXPECT_EQ(rate.time_left(), 2s);
}

TEST(MinimumBodyRate, ABodyBelowTheRateRunsOutOfTime) {
    MinimumBodyRate rate(thousand_a_second());
    for (int i = 0; i < 3; ++i) rate.received(1s, 500);
    EXPECT_EQ(rate.time_left(), 500ms) << "of two seconds of grace, each second took a half";
    rate.received(500ms, 0);
    EXPECT_EQ(rate.time_left(), 1ms);
}

TEST(MinimumBodyRate, AFastBodyMayPauseForTheIdleTimeAndNoLonger) {
    MinimumBodyRate rate(thousand_a_second());
    rate.received(1s, 1'000'000'000);
    EXPECT_EQ(rate.time_left(), 10s);
    rate.received(9s, 1);
    EXPECT_EQ(rate.time_left(), 1001ms);
}

TEST(MinimumBodyRate, AClockThatWasSetDoesNotEndAHealthyBody) {
    MinimumBodyRate rate(thousand_a_second());
    rate.received(1h, 5000);
    EXPECT_EQ(rate.time_left(), 5s);
    rate.received(-1h, 1000);
    EXPECT_EQ(rate.time_left(), 6s);
}

TEST(MinimumBodyRate, WithoutARateOnlyPausesAreLimited) {
    auto limits = thousand_a_second();
    limits.body_rate = 0;
    MinimumBodyRate rate(limits);
    rate.received(9s, 1);
    EXPECT_EQ(rate.time_left(), 10s);
}
