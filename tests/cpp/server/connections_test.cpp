#include "server/connections.h"

#include <gtest/gtest.h>
#include <vector>

using namespace ocilot;
using server::Connections;

TEST(Connections, AreRefusedBeyondTheLimitAndTakenAgainWhenOneEnds) {
    Connections connections(2, 0);
    auto first = connections.enter("192.0.2.1");
    ASSERT_TRUE(first.has_value());
    {
        auto const second = connections.enter("192.0.2.2");
        ASSERT_TRUE(second.has_value());
        EXPECT_EQ(connections.enter("192.0.2.3").error().code, Errc::unavailable);
    }
    EXPECT_TRUE(connections.enter("192.0.2.3").has_value());
    auto const moved = std::move(*first);
    auto const again = connections.enter("192.0.2.3");
    ASSERT_TRUE(again.has_value());
    EXPECT_FALSE(connections.enter("192.0.2.3").has_value());
}

TEST(Connections, OfOneClientDoNotTakeThoseOfAnother) {
    Connections connections(0, 1);
    {
        auto const one = connections.enter("192.0.2.1");
        ASSERT_TRUE(one.has_value());
        EXPECT_EQ(connections.enter("192.0.2.1").error().code, Errc::too_many_requests);
        EXPECT_TRUE(connections.enter("192.0.2.2").has_value());
    }
    EXPECT_TRUE(connections.enter("192.0.2.1").has_value());
}

TEST(Connections, WithoutLimitsAreAllTaken) {
    Connections connections(0, 0);
    std::vector<Connections::Seat> seats;
    for (int i = 0; i < 1000; ++i) seats.push_back(connections.enter("192.0.2.1").value());
    EXPECT_EQ(seats.size(), 1000U);
}
