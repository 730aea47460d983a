#include "base/clock.h"

#include <array>
#include <ctime>
#include <fmt/format.h>

namespace ocilot {

namespace {

std::tm broken_down(Time time) {
    auto const seconds =
        static_cast<std::time_t>(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    return parts;
}

}  // namespace

Time SystemClock::now() const {
    return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

Time MonotonicClock::now() const {
    auto const since = std::chrono::steady_clock::now() - started_;
    return made_at_ + std::chrono::duration_cast<std::chrono::microseconds>(since);
}

std::string rfc3339(Time time) {
    auto const tm = broken_down(time);
    auto const micros = (time - std::chrono::floor<std::chrono::seconds>(time)).count();
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", tm.tm_year + 1900, tm.tm_mon + 1,
                       tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, micros);
}

std::string clf_time(Time time) {
    static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    auto const tm = broken_down(time);
    return fmt::format("{:02}/{}/{:04}:{:02}:{:02}:{:02} +0000", tm.tm_mday,
                       months.at(static_cast<std::size_t>(tm.tm_mon)), tm.tm_year + 1900, tm.tm_hour,
                       tm.tm_min, tm.tm_sec);
}

}  // namespace ocilot
