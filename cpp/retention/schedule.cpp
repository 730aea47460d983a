#include "retention/schedule.h"

#include "retention/members.h"
#include "retention/policy.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace ocilot::retention {

namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::weekday;

constexpr seconds shortest_interval{60};
constexpr std::array<std::string_view, 7> names_of_days{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr std::string_view time_expected =
    "a time of day, optionally after a day, such as \"02:00\" or \"sun 02:00\"";

std::optional<unsigned> two_digits(std::string_view text) {
    auto const is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (text.size() != 2 || !std::ranges::all_of(text, is_digit)) return std::nullopt;
    return static_cast<unsigned>((text[0] - '0') * 10 + (text[1] - '0'));
}

/// `02:00`.
std::optional<minutes> time_of_day(std::string_view text) {
    if (text.size() != 5 || text[2] != ':') return std::nullopt;
    auto const hour = two_digits(text.substr(0, 2));
    auto const minute = two_digits(text.substr(3));
    if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
    return minutes(*hour * 60 + *minute);
}

bool read_time(std::string_view text, Schedule& schedule) {
    if (text.size() > 4 && text[3] == ' ') {
        auto const* const day = std::ranges::find(names_of_days, text.substr(0, 3));
        if (day == names_of_days.end()) return false;
        schedule.day = weekday(static_cast<unsigned>(day - names_of_days.begin()));
        text.remove_prefix(4);
    }
    schedule.at = time_of_day(text);
    return schedule.at.has_value();
}

}  // namespace

Time Schedule::next_after(Time last, seconds otherwise, TimeZone const& zone) const {
    if (!at) return last + every.value_or(otherwise);
    auto const local = zone.local(last);
    // Counted from the day of the last run: one that was late delays no further ones.
    auto const earliest = every ? floor<days>(local) + *every : local;
    Time next = floor<days>(earliest) + *at;  // As a clock there shows it.
    // Of an hour that is repeated, the first one counts.
    while (zone.utc(next) <= last || (every && next < earliest) ||
           (day && weekday(floor<days>(next)) != *day)) {
        next += days(1);
    }
    return zone.utc(next);
}

std::string Schedule::text(seconds otherwise, TimeZone const& zone) const {
    if (!at) return "every " + duration_text(every.value_or(otherwise));
    auto const time = fmt::format("at {:02}:{:02} {}", at->count() / 60, at->count() % 60, zone.name());
    if (day) return fmt::format("{} {}", names_of_days[day->c_encoding()], time);
    return fmt::format("every {} {}", duration_text(every.value_or(days(1))), time);
}

Result<Schedule> parse_schedule(Members const& policy) {
    Schedule schedule;
    TRY(schedule.every, policy.duration("every"));
    if (schedule.every && *schedule.every < shortest_interval) {
        return expected_at(policy.at("every"), "at least 1m, such as 24h or 7d");
    }
    TRY(auto const time, policy.text("at"));
    if (!time) return schedule;
    if (!read_time(*time, schedule)) return expected_at(policy.at("at"), time_expected);
    if (schedule.day && schedule.every) {
        return expected_at(policy.at("every"), "no interval beside a day of the week in at");
    }
    if (schedule.every && (*schedule.every < days(1) || *schedule.every % days(1) != seconds(0))) {
        return expected_at(policy.at("every"), "whole days, such as 1d or 7d, beside a time of day in at");
    }
    return schedule;
}

}  // namespace ocilot::retention
