#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "retention/time_zone.h"

#include <chrono>
#include <optional>
#include <string>

namespace ocilot::retention {

class Members;

/// When a policy runs by itself. Times of day are those of a time zone.
struct Schedule {
    std::optional<std::chrono::seconds> every = {};  ///< from one run to the next; with `at` whole days
    std::optional<std::chrono::minutes> at = {};     ///< since midnight
    std::optional<std::chrono::weekday> day = {};    ///< the only one, with `at`

    /// The first run after one at `last`; `otherwise` where neither an interval nor a time is set.
    [[nodiscard]] Time next_after(Time last, std::chrono::seconds otherwise, TimeZone const& zone = {}) const;
    /// `every 24h`, `every 7d at 02:00 UTC`, `sun at 02:00 Europe/Berlin`.
    [[nodiscard]] std::string text(std::chrono::seconds otherwise, TimeZone const& zone = {}) const;
};

/// `every` and `at` of a policy; errors as parse_policies.
[[nodiscard]] Result<Schedule> parse_schedule(Members const& policy);

}  // namespace ocilot::retention
