#include "http/core/quota_alarms.h"

#include <chrono>
#include <gtest/gtest.h>

using namespace ocilot;
using std::chrono::minutes;

TEST(QuotaAlarms, AreNewsOnceAnHourForEachCallerInARepository) {
    http::QuotaAlarms alarms;
    Time const start{};
    EXPECT_TRUE(alarms.is_news("ann", "team/app", start));
    EXPECT_FALSE(alarms.is_news("ann", "team/app", start));
    EXPECT_TRUE(alarms.is_news("bob", "team/app", start));
    EXPECT_TRUE(alarms.is_news("ann", "team/web", start));
    EXPECT_FALSE(alarms.is_news("ann", "team/app", start + minutes(59)));
    EXPECT_TRUE(alarms.is_news("ann", "team/app", start + minutes(60)));
    EXPECT_FALSE(alarms.is_news("ann", "team/app", start + minutes(61)));
}

TEST(QuotaAlarms, RememberABoundedNumber) {
    http::QuotaAlarms alarms;
    for (int i = 0; i < 10'000; ++i) EXPECT_TRUE(alarms.is_news(std::to_string(i), "a", Time{}));
    EXPECT_TRUE(alarms.is_news("0", "a", Time{})) << "all were forgotten";
}
