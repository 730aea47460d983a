#include "server/body_pace.h"

#include <gtest/gtest.h>

using namespace ocilot;
using namespace std::chrono_literals;
using server::BodyPace;
using server::Limits;

namespace {

Limits thousand_a_second() {
    Limits limits;
    limits.body_rate = 1000;
    limits.body_grace = 2s;
    limits.idle_time = 10s;
    return limits;
}

}  // namespace

TEST(BodyPace, StartsWithTheGrace) {
    EXPECT_EQ(BodyPace(thousand_a_second()).patience(), 2s);
}

TEST(BodyPace, ABodyAtTheRateGoesOnForEver) {
    BodyPace pace(thousand_a_second());
    for (int i = 0; i < 1000; ++i) pace.received(1s, 1000);
    EXPECT_EQ(pace.patience(), 2s);
}

TEST(BodyPace, ABodyBelowTheRateRunsOutOfTime) {
    BodyPace pace(thousand_a_second());
    for (int i = 0; i < 3; ++i) pace.received(1s, 500);
    EXPECT_EQ(pace.patience(), 500ms) << "of two seconds of grace, each second took a half";
    pace.received(500ms, 0);
    EXPECT_EQ(pace.patience(), 1ms);
}

TEST(BodyPace, AFastBodyMayPauseForTheIdleTimeAndNoLonger) {
    BodyPace pace(thousand_a_second());
    pace.received(1s, 1'000'000'000);
    EXPECT_EQ(pace.patience(), 10s);
    pace.received(9s, 1);
    EXPECT_EQ(pace.patience(), 1001ms);
}

TEST(BodyPace, AClockThatWasSetDoesNotEndAHealthyBody) {
    BodyPace pace(thousand_a_second());
    pace.received(1h, 5000);
    EXPECT_EQ(pace.patience(), 5s);
    pace.received(-1h, 1000);
    EXPECT_EQ(pace.patience(), 6s);
}

TEST(BodyPace, WithoutARateOnlyPausesAreLimited) {
    auto limits = thousand_a_second();
    limits.body_rate = 0;
    BodyPace pace(limits);
    pace.received(9s, 1);
    EXPECT_EQ(pace.patience(), 10s);
}
