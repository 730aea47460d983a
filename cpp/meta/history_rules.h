#pragma once

#include "base/clock.h"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace ocilot::meta {

/// Which entries of tag histories are kept. The last entry of a tag that exists is always kept.
struct HistoryRules {
    std::optional<Time> oldest = {};  ///< older ones go; nullopt: of any age
    std::size_t per_tag = 0;          ///< so many of the last entries of a tag; 0: any number
};

/// How far a walk over the histories has come.
struct PruneResult {
    std::optional<std::int64_t> after = {};  ///< where the next piece begins; nullopt at the end
    std::size_t removed = 0;
};

}  // namespace ocilot::meta
