#include "base/clock.h"

#include <gtest/gtest.h>

using namespace ocilot;
using namespace std::chrono_literals;

namespace {

constexpr Time day(int y, unsigned m, unsigned d) {
    return std::chrono::sys_days(std::chrono::year(y) / static_cast<int>(m) / static_cast<int>(d));
}

}  // namespace

TEST(Clock, WritesRfc3339InUtcWithMicroseconds) {
    EXPECT_EQ(rfc3339(day(2026, 11, 21) + 17h + 48min + 55s + 123456us), "2026-11-21T17:48:55.123456Z");
    EXPECT_EQ(rfc3339(Time{}), "1970-01-01T00:00:00.000000Z");
    EXPECT_EQ(rfc3339(day(2024, 2, 29) + 7us), "2024-02-29T00:00:00.000007Z");
    EXPECT_EQ(rfc3339(Time{} - 1us), "1969-12-31T23:59:59.999999Z");
}

TEST(Clock, WritesTheAccessLogsForm) {
    EXPECT_EQ(clf_time(day(2026, 11, 21) + 17h + 48min + 55s + 999999us), "21/Nov/2026:17:48:55 +0000");
    EXPECT_EQ(clf_time(day(2027, 1, 2)), "02/Jan/2027:00:00:00 +0000");
    EXPECT_EQ(clf_time(day(2026, 12, 31)), "31/Dec/2026:00:00:00 +0000");
}
