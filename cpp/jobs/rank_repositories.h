#pragma once

#include "jobs/round.h"
#include "meta/store.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace ocilot::jobs {

/// Keeps the order of lists of repositories by size and by last push true. It reads in the log of changes
/// which repositories have changed, and looks at all others from time to time: the collection of garbage
/// changes sizes, too, and another process may have had the job before. For one round at a time.
class RankRepositories {
  public:
    /// The metadata must outlive it.
    explicit RankRepositories(meta::MetaStore& meta) noexcept : meta_(meta) {}

    /// Answers how many repositories have another place.
    Task<Result<std::size_t>> round(Round const& round);

  private:
    Task<Result<std::size_t>> rank_changed(Round const& round);
    /// A page of all repositories, after that of the last round.
    Task<Result<std::size_t>> rank_next();

    meta::MetaStore& meta_;
    std::optional<std::int64_t> read_to_;  // Id of a change; none before the first round.
    std::optional<std::string> looked_at_to_;
};

}  // namespace ocilot::jobs
