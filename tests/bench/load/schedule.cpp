#include "schedule.h"

#include <cmath>

namespace ocilot::load {

Schedule::Schedule(Options const& options, Nanos start, std::uint64_t seed)
    : measured_from_{start + nanos(options.warmup)},
      poisson_{options.arrivals == "poisson"},
      next_{start},
      random_{seed} {
    if (options.seconds > 0) end_ = measured_from_ + nanos(options.seconds);
    if (options.requests > 0) left_ = options.requests;
    if (options.rate <= 0) return;
    gap_ = static_cast<double>(second) / options.rate;
    next_ = arrival_after(start);
}

Nanos Schedule::arrival_after(Nanos arrival) {
    auto const gap = fraction_ + (poisson_ ? -std::log(1 - random_.fraction()) * gap_ : gap_);
    fraction_ = gap - std::floor(gap);
    return arrival + static_cast<Nanos>(gap);
}

bool Schedule::exhausted(Nanos now) const noexcept {
    return left_ == 0 || (open_loop() ? next_ : now) >= end_;
}

std::optional<Nanos> Schedule::take(Nanos now) {
    if (exhausted(now) || (open_loop() && next_ > now)) return std::nullopt;
    auto const meant = open_loop() ? next_ : now;
    if (open_loop()) next_ = arrival_after(next_);
    if (counts(meant)) --left_;
    return meant;
}

}  // namespace ocilot::load
