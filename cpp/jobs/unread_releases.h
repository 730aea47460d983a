#pragma once

#include "jobs/round.h"
#include "meta/change.h"
#include "registry/registry.h"
#include "retention/repository.h"

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

namespace ocilot::jobs {

/// What was released by changes that the garbage collection has not read yet: it reads them once a minute, or
/// not at all. Until then the time that it noted for a manifest may be that of an earlier release.
class UnreadReleases {
  public:
    explicit UnreadReleases(registry::Registry& registry) noexcept : registry_(registry) {}

    /// Reads all changes up to now.
    Task<Result<>> read(Round const& round);
    /// Makes manifests of a repository, that was read before `read`, as young as the changes say. Where too
    /// much is unread none of them has a time.
    void correct(retention::Repository& repository) const;

  private:
    /// By digest; nullopt: pushed again, and not released since.
    using Releases = std::unordered_map<std::string, std::optional<Time>>;

    Task<Result<>> begin();
    void add(meta::Change const& change);

    registry::Registry& registry_;
    bool begun_ = false;
    bool too_many_ = false;
    std::int64_t last_ = 0;
    std::unordered_map<std::string, Releases> repositories_;
};

}  // namespace ocilot::jobs
