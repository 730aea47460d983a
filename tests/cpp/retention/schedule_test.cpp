#include "retention/schedule.h"

#include "retention/policy.h"

#include <gmock/gmock.h>

namespace ocilot {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::sys_days;
using ::testing::HasSubstr;

constexpr auto interval = 24h;  // Of a policy without a schedule.

/// A policy with these keys.
Result<retention::Schedule> schedule_of(std::string const& keys) {
    auto policies = retention::parse_policies(
        R"([{"name":"p","repositories":["**"],"delete":[{"tags":"pr-*"}],)" + keys + "}]");
    if (policies.has_error()) return policies.error();
    return policies->front().schedule;
}

std::string problem_of_schedule(std::string const& keys) {
    auto const schedule = schedule_of(keys);
    return schedule.has_value() ? "none" : schedule.error().subjects.back() + ": " + schedule.error().message;
}

/// Saturday, the 28th.
Time at(std::chrono::minutes time, int day = 28) {
    return sys_days(std::chrono::year(2026) / 11 / day) + time;
}

TEST(RetentionSchedule, IsAnIntervalOrATimeOfDay) {
    EXPECT_EQ(schedule_of(R"("floor":1)")->text(interval), "every 1d");
    EXPECT_EQ(schedule_of(R"("every":"36h")")->text(interval), "every 36h");
    EXPECT_EQ(schedule_of(R"("at":"02:05")")->text(interval), "every 1d at 02:05 UTC");
    EXPECT_EQ(schedule_of(R"("every":"2w","at":"23:59")")->text(interval), "every 14d at 23:59 UTC");
    EXPECT_EQ(schedule_of(R"("at":"sun 00:00")")->text(interval), "sun at 00:00 UTC");
}

TEST(RetentionSchedule, RefusesWhatIsNone) {
    for (auto const* const time : {"2:00", "24:00", "02:60", "02-00", "02:00 ", "xyz 02:00", "Sun 02:00",
                                   "sun", "sun  2:00", "0200"}) {
        EXPECT_THAT(problem_of_schedule(std::string(R"("at":")") + time + "\""),
                    HasSubstr("at: a time of day"))
            << time;
    }
    EXPECT_THAT(problem_of_schedule(R"("every":"30s")"), HasSubstr("every: at least 1m"));
    EXPECT_THAT(problem_of_schedule(R"("every":"x")"), HasSubstr("every: a number and a unit"));
    EXPECT_THAT(problem_of_schedule(R"("every":"36h","at":"02:00")"), HasSubstr("every: whole days"));
    EXPECT_THAT(problem_of_schedule(R"("every":"7d","at":"sun 02:00")"), HasSubstr("every: no interval"));
}

TEST(RetentionSchedule, AnIntervalCountsFromTheLastRun) {
    EXPECT_EQ(schedule_of(R"("every":"36h")")->next_after(at(8h), interval), at(20h, 29));
    EXPECT_EQ(schedule_of(R"("floor":1)")->next_after(at(8h), interval), at(8h, 29));
}

TEST(RetentionSchedule, ATimeOfDayIsTheNextOne) {
    auto const daily = schedule_of(R"("at":"02:00")").value();
    EXPECT_EQ(daily.next_after(at(1h), interval), at(2h));
    EXPECT_EQ(daily.next_after(at(2h), interval), at(2h, 29)) << "never twice";
    EXPECT_EQ(daily.next_after(at(2h) + 3s, interval), at(2h, 29));
    auto const sundays = schedule_of(R"("at":"sun 02:00")").value();
    EXPECT_EQ(sundays.next_after(at(1h), interval), at(2h, 29));
    EXPECT_EQ(sundays.next_after(at(2h, 29), interval), at(2h, 29) + days(7));
}

TEST(RetentionSchedule, ARunThatWasLateDelaysNoFurtherOnes) {
    auto const weekly = schedule_of(R"("every":"7d","at":"02:00")").value();
    EXPECT_EQ(weekly.next_after(at(2h) + 5s, interval), at(2h) + days(7));
    EXPECT_EQ(weekly.next_after(at(23h), interval), at(2h) + days(7));
}

}  // namespace
}  // namespace ocilot
