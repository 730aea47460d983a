#include "retention/time_zone.h"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <iterator>
#include <utility>

namespace ocilot::retention {

Result<TimeZone> TimeZone::make(std::string name, std::vector<ZonePeriod> periods) {
    bool const in_order =
        std::ranges::adjacent_find(periods, std::greater_equal(), &ZonePeriod::since) == periods.end();
    if (periods.empty() || !in_order) {
        return Error{Errc::config, fmt::format("invalid time zone {}: expected offsets from UTC in the order "
                                               "of the times since when they apply",
                                               name)};
    }
    TimeZone zone;
    zone.name_ = std::move(name);
    zone.periods_ = std::move(periods);
    return zone;
}

Time TimeZone::local(Time utc) const noexcept {
    auto const later = std::ranges::upper_bound(periods_, utc, {}, &ZonePeriod::since);
    auto const& period = later == periods_.begin() ? *later : *std::prev(later);
    return utc + period.offset;
}

Time TimeZone::utc(Time local) const noexcept {
    for (std::size_t at = 0;; ++at) {
        auto const utc = local - periods_[at].offset;
        if (at > 0 && utc < periods_[at].since) return periods_[at].since;  // No period has it.
        if (at + 1 == periods_.size() || utc < periods_[at + 1].since) return utc;
    }
}

}  // namespace ocilot::retention
