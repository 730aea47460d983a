#include "retention/schedule.h"

#include "retention/policy.h"

#include <gmock/gmock.h>
#include <utility>

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

/// Central European time around the summer of 2026, from 29 March to 25 October, at 01:00 UTC.
retention::TimeZone berlin() {
    auto const change = [](std::chrono::month month, int day) -> Time {
        return sys_days(std::chrono::year(2026) / month / day) + 1h;
    };
    auto zone = retention::TimeZone::make("Europe/Berlin", {{at(0h) - days(365), 1h},
                                                            {change(std::chrono::March, 29), 2h},
                                                            {change(std::chrono::October, 25), 1h}});
    return std::move(zone).value();
}

/// In UTC.
Time on(int month, int day, std::chrono::minutes time) {
    return sys_days(std::chrono::year(2026) / month / day) + time;
}

TEST(RetentionSchedule, ATimeOfDayIsThatOfItsTimeZone) {
    auto const zone = berlin();
    auto const daily = schedule_of(R"("at":"03:15")").value();
    EXPECT_EQ(daily.text(interval, zone), "every 1d at 03:15 Europe/Berlin");
    EXPECT_EQ(daily.next_after(on(11, 28, 1h), interval, zone), on(11, 28, 2h + 15min));
    EXPECT_EQ(daily.next_after(on(7, 1, 1h), interval, zone), on(7, 1, 1h + 15min));
    EXPECT_EQ(daily.next_after(on(3, 28, 3h), interval, zone), on(3, 29, 1h + 15min))
        << "the first in summer";
    EXPECT_EQ(daily.next_after(on(10, 24, 3h), interval, zone), on(10, 25, 2h + 15min));
    auto const sundays = schedule_of(R"("at":"sun 00:30")").value();
    EXPECT_EQ(sundays.next_after(on(11, 28, 1h), interval, zone), on(11, 28, 23h + 30min))
        << "Saturday evening, UTC";
    auto const weekly = schedule_of(R"("every":"7d","at":"00:30")").value();
    EXPECT_EQ(weekly.next_after(on(11, 28, 23h + 30min), interval, zone), on(12, 5, 23h + 30min));
    EXPECT_EQ(schedule_of(R"("every":"36h")")->next_after(on(3, 28, 8h), interval, zone), on(3, 29, 20h))
        << "a day has 24 hours";
}

TEST(RetentionSchedule, AnHourThatIsSkippedIsRunAtItsEndAndARepeatedOneOnce) {
    auto const zone = berlin();
    auto const daily = schedule_of(R"("at":"02:30")").value();
    auto const skipped = on(3, 29, 1h);
    EXPECT_EQ(daily.next_after(on(3, 28, 2h), interval, zone), skipped) << "03:00 in summer time";
    EXPECT_EQ(daily.next_after(skipped, interval, zone), on(3, 30, 30min));
    EXPECT_EQ(daily.next_after(skipped + 5s, interval, zone), on(3, 30, 30min));
    auto const first = on(10, 25, 30min);
    EXPECT_EQ(daily.next_after(on(10, 24, 3h), interval, zone), first);
    for (auto const later : {0min, 1min, 50min, 60min, 90min}) {
        EXPECT_EQ(daily.next_after(first + later, interval, zone), on(10, 26, 1h + 30min)) << later.count();
    }
}

TEST(TimeZone, ShowsWhatAClockThereShows) {
    auto const zone = berlin();
    for (auto const time :
         {on(3, 29, 59min), on(3, 29, 1h), on(10, 25, 59min), on(11, 28, 0h), on(1, 1, 0h)}) {
        EXPECT_EQ(zone.utc(zone.local(time)), time);
    }
    EXPECT_EQ(zone.local(on(3, 29, 1h)), on(3, 29, 3h));
    EXPECT_EQ(zone.local(at(0h) - days(400)), at(1h) - days(400)) << "before all that is known";
    EXPECT_EQ(retention::TimeZone().local(at(1h)), at(1h));
    EXPECT_EQ(retention::TimeZone::make("x", {}).error().code, Errc::config);
    EXPECT_TRUE(retention::TimeZone::make("x", {{at(1h), 1h}, {at(1h), 2h}}).has_error());
}

}  // namespace
}  // namespace ocilot
