#include "base/memory_budget.h"

#include <gtest/gtest.h>
#include <utility>

using namespace ocilot;
using namespace std::chrono_literals;

TEST(MemoryBudget, IsSharedAndGivenBack) {
    Metrics metrics;
    MemoryBudget budget(100, metrics, "test");
    MemoryBudget::Reservation first(&budget);
    EXPECT_TRUE(first.reserve(60).has_value());
    {
        MemoryBudget::Reservation second(&budget);
        EXPECT_TRUE(second.reserve(40).has_value());
        EXPECT_EQ(budget.used(), 100U);
        auto const refused = first.reserve(61);
        ASSERT_TRUE(refused.has_error());
        EXPECT_EQ(refused.error().code, Errc::unavailable);
        EXPECT_EQ(refused.error().retry_after, 1U);
        EXPECT_EQ(first.bytes(), 60U) << "what was held stays held";
    }
    EXPECT_EQ(budget.used(), 60U);
    EXPECT_TRUE(first.reserve(100).has_value());
    first.reset();
    EXPECT_EQ(budget.used(), 0U);
    EXPECT_EQ(metrics.gauge("ocilot_memory_budget_used_bytes", "", {{"of", "test"}}).value(), 0);
    EXPECT_EQ(metrics.counter("ocilot_memory_budget_refused_total", "", {{"of", "test"}}).value(), 1U);
}

TEST(MemoryBudget, AShareGrowsAndNeverShrinks) {
    Metrics metrics;
    MemoryBudget budget(100, metrics, "test");
    MemoryBudget::Reservation reservation(&budget);
    EXPECT_TRUE(reservation.reserve(50).has_value());
    EXPECT_TRUE(reservation.reserve(10).has_value());
    EXPECT_EQ(budget.used(), 50U);
    auto const moved = std::move(reservation);
    EXPECT_EQ(moved.bytes(), 50U);
    EXPECT_EQ(budget.used(), 50U);
}

TEST(MemoryBudget, OfZeroAndOfNobodyHoldAnything) {
    Metrics metrics;
    MemoryBudget unlimited(0, metrics, "test");
    MemoryBudget::Reservation reservation(&unlimited);
    EXPECT_TRUE(reservation.reserve(std::size_t{1} << 40).has_value());
    MemoryBudget::Reservation uncounted(nullptr);
    EXPECT_TRUE(uncounted.reserve(std::size_t{1} << 40).has_value());
}

TEST(MemoryBudget, WaitsAreToldInWholeSecondsWithinAnHour) {
    EXPECT_EQ(retry_seconds(0ms), 1U);
    EXPECT_EQ(retry_seconds(1001ms), 2U);
    EXPECT_EQ(retry_seconds(24h), 3600U);
}
