#pragma once

#include "base/log.h"
#include "jobs/round.h"
#include "registry/registry.h"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace ocilot::jobs {

/// Reports each repository and each caller that comes to use 80 % of a quota: once, and again only after it
/// has used less than 75 %, also across restarts. Pushes pay nothing for it: which usage may have grown is
/// read in the log of changes. For one round at a time.
class WatchQuotas {
  public:
    /// All must outlive it.
    WatchQuotas(registry::Registry& registry, bool has_accounts, Log const& log) noexcept
        : registry_(registry), has_accounts_(has_accounts), log_(log) {}

    /// Answers how many quotas were reported.
    Task<Result<std::size_t>> round(Round const& round);

  private:
    registry::Registry& registry_;
    bool has_accounts_;
    Log const& log_;
    std::optional<std::int64_t> read_to_;  // Id of a change; none before the first round.
};

}  // namespace ocilot::jobs
