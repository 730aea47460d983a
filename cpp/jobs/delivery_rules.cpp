#include "jobs/delivery_rules.h"

#include <algorithm>
#include <array>
#include <span>

namespace ocilot::jobs {

std::chrono::milliseconds delivery_delay(DeliveryRules const& rules, std::uint64_t failures, Random& random) {
    constexpr std::uint64_t most_doublings = 20;
    auto const doublings = std::min(failures > 0 ? failures - 1 : 0, most_doublings);
    auto const whole = std::min(rules.backoff * (std::int64_t{1} << doublings), rules.longest);
    std::array<std::byte, 2> drawn{};
    random.fill(drawn);
    auto const part =
        (std::to_integer<std::int64_t>(drawn[0]) << 8U) + std::to_integer<std::int64_t>(drawn[1]);
    return whole / 2 + whole / 2 * part / 65'535;
}

}  // namespace ocilot::jobs
