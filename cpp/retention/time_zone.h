#pragma once

#include "base/clock.h"
#include "base/result.h"

#include <chrono>
#include <string>
#include <vector>

namespace ocilot::retention {

/// Since when which offset from UTC applies in a time zone.
struct ZonePeriod {
    Time since{};
    std::chrono::seconds offset{0};  ///< to the east of UTC
};

/// A time zone, as far as schedules need it. The one that makes it has a database of time zones; there is
/// none here. A local time is a Time, too: what a clock there shows, as if it were UTC.
class TimeZone {
  public:
    TimeZone() = default;  ///< UTC
    /// The first period applies to all times before it, too. config if there is none, or if they are not in
    /// the order of time.
    static Result<TimeZone> make(std::string name, std::vector<ZonePeriod> periods);

    [[nodiscard]] std::string const& name() const noexcept { return name_; }
    [[nodiscard]] Time local(Time utc) const noexcept;
    /// When a clock there first shows this. What is skipped, as an hour in spring is, is when it is skipped.
    [[nodiscard]] Time utc(Time local) const noexcept;

  private:
    std::string name_ = "UTC";
    std::vector<ZonePeriod> periods_{{}};
};

}  // namespace ocilot::retention
