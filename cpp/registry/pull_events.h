#pragma once

#include "base/result.h"

#include <cstdint>
#include <string_view>

namespace ocilot::registry {

/// Which recorded pulls are events, too (`ocilot.events.pulls`).
enum class PullEvents : std::uint8_t {
    off,
    sampled,  ///< those of a bounded number of names in each batch, drawn at random
    all,      ///< one for each name of a batch
};

/// config for any other word than `off`, `sampled` and `all`.
Result<PullEvents> parse_pull_events(std::string_view word);

}  // namespace ocilot::registry
