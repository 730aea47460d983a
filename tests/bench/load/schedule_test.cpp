#include "schedule.h"

#include <gtest/gtest.h>

using namespace ocilot::load;

namespace {

Options lasting(double seconds, double rate = 0) {
    Options options;
    options.seconds = seconds;
    options.rate = rate;
    return options;
}

}  // namespace

TEST(Schedule, AClosedLoopStartsWheneverAConnectionIsFreeUntilTheEnd) {
    Schedule schedule(lasting(1), 1'000, 1);
    EXPECT_EQ(schedule.take(1'000), 1'000);
    EXPECT_EQ(schedule.take(999'999'999), 999'999'999);
    EXPECT_EQ(schedule.take(second + 1'000), std::nullopt);
    EXPECT_TRUE(schedule.exhausted(second + 1'000));
}

TEST(Schedule, WarmingUpDoesNotCount) {
    Options options;
    options.requests = 2;
    options.warmup = 1;
    Schedule schedule(options, 0, 1);
    for (Nanos t = 0; t < 10; ++t) EXPECT_FALSE(schedule.counts(schedule.take(t).value()));
    EXPECT_TRUE(schedule.counts(schedule.take(second).value()));
    EXPECT_TRUE(schedule.counts(schedule.take(second).value()));
    EXPECT_EQ(schedule.take(second), std::nullopt);
}

TEST(Schedule, AnOpenLoopRemembersWhenAnOperationWasMeantToStart) {
    auto options = lasting(1, 1'000);
    options.arrivals = "constant";
    Schedule schedule(options, 0, 1);
    EXPECT_EQ(schedule.take(millisecond - 1), std::nullopt);
    EXPECT_EQ(schedule.take(10 * millisecond), 1 * millisecond);  // The server was busy for ten.
    EXPECT_EQ(schedule.take(10 * millisecond), 2 * millisecond);
    EXPECT_EQ(schedule.next_arrival(), 3 * millisecond);
}

TEST(Schedule, WhatArrivedInTimeStartsEvenAfterTheEnd) {
    auto options = lasting(1, 1'000);
    options.arrivals = "constant";
    Schedule schedule(options, 0, 1);
    int started = 0;
    while (schedule.take(5 * second)) ++started;
    EXPECT_EQ(started, 999);
    EXPECT_TRUE(schedule.exhausted(5 * second));
}

TEST(Schedule, PoissonArrivalsKeepTheRateAndVary) {
    Schedule schedule(lasting(100, 1'000), 0, 3);
    int arrived = 0;
    int close = 0;
    Nanos last = 0;
    while (auto const meant = schedule.take(Schedule::never - 1)) {
        ++arrived;
        close += *meant - last < millisecond ? 1 : 0;
        last = *meant;
    }
    EXPECT_NEAR(arrived, 100'000, 1'000);
    EXPECT_NEAR(close / static_cast<double>(arrived), 0.632, 0.01);  // 1 - 1/e
}
