#include "http/core/timestamp.h"

#include <gtest/gtest.h>
#include <string>

namespace ocilot::http {
namespace {

TEST(Timestamps, AreReadAsTheyAreWritten) {
    Time const time(std::chrono::microseconds(1'700'000'000'123'456));
    EXPECT_EQ(parse_timestamp(rfc3339(time)), time);
    EXPECT_EQ(parse_timestamp("1970-01-01"), Time());
    EXPECT_EQ(parse_timestamp("1970-01-02"), Time(std::chrono::hours(24)));
    EXPECT_EQ(parse_timestamp("1970-01-01T00:00:01z"), Time(std::chrono::seconds(1)));
    EXPECT_EQ(parse_timestamp("1970-01-01t01:00:00+01:00"), Time());
    EXPECT_EQ(parse_timestamp("1969-12-31T23:30:00-00:30"), Time());
    EXPECT_EQ(parse_timestamp("1970-01-01T00:00:00.5Z"), Time(std::chrono::milliseconds(500)));
    EXPECT_EQ(parse_timestamp("1970-01-01T00:00:00.000001999Z"), Time(std::chrono::microseconds(1)));
    EXPECT_EQ(parse_timestamp("2024-02-29"), Time(std::chrono::sys_days(std::chrono::days(19782))));
}

TEST(Timestamps, AreNothingElse) {
    for (auto const* text : {"",
                             "now",
                             "1",
                             "1700000000",
                             "2023",
                             "2023-11",
                             "2023-02-29",
                             "2023-13-01",
                             "2023-11-31",
                             "2023-11-14T",
                             "2023-11-14T22:13:20",
                             "2023-11-14 22:13:20Z",
                             "2023-11-14T24:00:00Z",
                             "2023-11-14T22:60:00Z",
                             "2023-11-14T22:13:20.Z",
                             "2023-11-14T22:13:20+1:00",
                             "2023-11-14T22:13:20+01:00Z",
                             "2023-11-14T22:13:20Zz",
                             "-023-11-14",
                             "2023-11-14T22:13:20+24:00"}) {
        EXPECT_EQ(parse_timestamp(text), std::nullopt) << text;
    }
    EXPECT_EQ(parse_timestamp(std::string(100'000, '9')), std::nullopt);
}

}  // namespace
}  // namespace ocilot::http
