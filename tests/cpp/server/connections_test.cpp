#include "server/connections.h"

#include <gtest/gtest.h>
#include <vector>

using namespace ocilot;
using server::Connections;

TEST(Connections, AreRefusedBeyondTheLimitAndTakenAgainWhenOneEnds) {
    Connections connections(2, 0);
    auto first = connections.acquire("192.0.2.1");
    ASSERT_TRUE(first.has_value());
    {
        auto const second = connections.acquire("192.0.2.2");
        ASSERT_TRUE(second.has_value());
        EXPECT_EQ(connections.acquire("192.0.2.3").error().code, Errc::unavailable);
    }
    EXPECT_TRUE(connections.acquire("192.0.2.3").has_value());
    auto const moved = std::move(*first);
    auto const again = connections.acquire("192.0.2.3");
    ASSERT_TRUE(again.has_value());
    EXPECT_FALSE(connections.acquire("192.0.2.3").has_value());
}

TEST(Connections, OfOneClientDoNotTakeThoseOfAnother) {
    Connections connections(0, 1);
    {
        auto const one = connections.acquire("192.0.2.1");
        ASSERT_TRUE(one.has_value());
        EXPECT_EQ(connections.acquire("192.0.2.1").error().code, Errc::too_many_requests);
        EXPECT_TRUE(connections.acquire("192.0.2.2").has_value());
    }
    EXPECT_TRUE(connections.acquire("192.0.2.1").has_value());
}

TEST(Connections, OfAClientThatIsNotCountedAreLimitedInAllOnly) {
    Connections connections(3, 1);
    std::vector<Connections::Slot> slots;
    for (int i = 0; i < 3; ++i) slots.push_back(connections.acquire("").value());
    auto const refused = connections.acquire("");
    EXPECT_EQ(refused.error().code, Errc::unavailable);
    EXPECT_EQ(refused.error().retry_after, 1U);
}

TEST(Connections, ASeatIsGivenUpOnce) {
    Connections connections(1, 1);
    auto slot = connections.acquire("192.0.2.1").value();
    slot.release();
    auto const next = connections.acquire("192.0.2.1");
    EXPECT_TRUE(next.has_value());
    {
        auto const gone = std::move(slot);
    }
    EXPECT_FALSE(connections.acquire("192.0.2.2").has_value());
}

namespace {

struct FakeIdleOwner final : Connections::IdleOwner {
    explicit FakeIdleOwner(int seconds) : since(std::chrono::seconds(seconds)) {}
    [[nodiscard]] std::chrono::steady_clock::time_point oldest_idle() const noexcept override {
        return since;
    }
    void close_idle() override { ++closed; }
    std::chrono::steady_clock::time_point since;
    int closed = 0;
};

}  // namespace

TEST(Connections, TheLongestIdleOneMakesRoom) {
    Connections connections(1, 0);
    EXPECT_FALSE(connections.evict_idle());
    FakeIdleOwner younger(20);
    FakeIdleOwner older(10);
    connections.add(younger);
    connections.add(older);
    EXPECT_TRUE(connections.evict_idle());
    EXPECT_EQ(older.closed, 1);
    EXPECT_EQ(younger.closed, 0);
    older.since = younger.since = std::chrono::steady_clock::time_point::max();
    EXPECT_FALSE(connections.evict_idle()) << "none is idle";
    connections.remove(older);
    connections.remove(younger);
    EXPECT_FALSE(connections.evict_idle());
}

TEST(Connections, WithoutLimitsAreAllTaken) {
    Connections connections(0, 0);
    std::vector<Connections::Slot> slots;
    for (int i = 0; i < 1000; ++i) slots.push_back(connections.acquire("192.0.2.1").value());
    EXPECT_EQ(slots.size(), 1000U);
}
