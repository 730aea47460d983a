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

TEST(Connections, OfAClientThatIsNotCountedAreLimitedInAllOnly) {
    Connections connections(3, 1);
    std::vector<Connections::Seat> seats;
    for (int i = 0; i < 3; ++i) seats.push_back(connections.enter("").value());
    auto const refused = connections.enter("");
    EXPECT_EQ(refused.error().code, Errc::unavailable);
    EXPECT_EQ(refused.error().retry_after, 1U);
}

TEST(Connections, ASeatIsGivenUpOnce) {
    Connections connections(1, 1);
    auto seat = connections.enter("192.0.2.1").value();
    seat.give_up();
    auto const next = connections.enter("192.0.2.1");
    EXPECT_TRUE(next.has_value());
    {
        auto const gone = std::move(seat);
    }
    EXPECT_FALSE(connections.enter("192.0.2.2").has_value());
}

namespace {

struct FakeYielding final : Connections::Yielding {
    explicit FakeYielding(int seconds) : since(std::chrono::seconds(seconds)) {}
    [[nodiscard]] std::chrono::steady_clock::time_point oldest_idle() const noexcept override {
        return since;
    }
    void yield() override { ++yields; }
    std::chrono::steady_clock::time_point since;
    int yields = 0;
};

}  // namespace

TEST(Connections, TheLongestIdleOneMakesRoom) {
    Connections connections(1, 0);
    EXPECT_FALSE(connections.make_room());
    FakeYielding younger(20);
    FakeYielding older(10);
    connections.add(younger);
    connections.add(older);
    EXPECT_TRUE(connections.make_room());
    EXPECT_EQ(older.yields, 1);
    EXPECT_EQ(younger.yields, 0);
    older.since = younger.since = std::chrono::steady_clock::time_point::max();
    EXPECT_FALSE(connections.make_room()) << "none is idle";
    connections.remove(older);
    connections.remove(younger);
    EXPECT_FALSE(connections.make_room());
}

TEST(Connections, WithoutLimitsAreAllTaken) {
    Connections connections(0, 0);
    std::vector<Connections::Seat> seats;
    for (int i = 0; i < 1000; ++i) seats.push_back(connections.enter("192.0.2.1").value());
    EXPECT_EQ(seats.size(), 1000U);
}
