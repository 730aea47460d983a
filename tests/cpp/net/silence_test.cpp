#include "net/silence.h"

#include <gtest/gtest.h>

using namespace std::chrono_literals;
using ocilot::net::Silence;

namespace {

Silence::Ticks::time_point at(std::chrono::seconds seconds) {
    return Silence::Ticks::time_point(seconds);
}

}  // namespace

TEST(Silence, IsNotWatchedBeforeTheFirstWait) {
    EXPECT_FALSE(Silence(10s).watched());
}

TEST(Silence, LastsWhenNothingMovedForTheWholeLimit) {
    Silence silence(100s);
    silence.watch(at(0s), 7);
    EXPECT_TRUE(silence.watched());
    EXPECT_FALSE(silence.lasts(at(99s), 7));
    EXPECT_EQ(silence.next_look(), at(100s));
    EXPECT_TRUE(silence.lasts(at(100s), 7));
}

TEST(Silence, IsRenewedByOneByteForEver) {
    Silence silence(100s);
    silence.watch(at(0s), 0);
    for (int i = 1; i <= 1000; ++i) EXPECT_FALSE(silence.lasts(at(99s * i), static_cast<unsigned>(i)));
    EXPECT_FALSE(silence.lasts(at(99'099s), 1000));
    EXPECT_TRUE(silence.lasts(at(99'100s), 1000));
}

TEST(Silence, IsLookedForInQuartersOfItsLimit) {
    Silence silence(100s);
    silence.watch(at(0s), 0);
    EXPECT_EQ(silence.next_look(), at(25s));
    EXPECT_FALSE(silence.lasts(at(25s), 1));
    EXPECT_EQ(silence.next_look(), at(50s));
    EXPECT_FALSE(silence.lasts(at(120s), 1));
    EXPECT_EQ(silence.next_look(), at(125s)) << "the limit counts from the progress";
}
