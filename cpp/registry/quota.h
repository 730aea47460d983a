#pragma once

#include "meta/repository_limits.h"
#include "registry/registry.h"

#include <cstdint>
#include <vector>

namespace ocilot::registry {

/// What the quotas allow a repository: the least of those that match.
[[nodiscard]] meta::RepositoryLimits limits_of(std::vector<Quota> const& quotas,
                                               oci::RepositoryName const& repository);

/// How many bytes a repository may still get. Read before a transfer and decided again in the transaction
/// that links what came, so that transfers at the same moment cannot exceed it together.
class QuotaRoom {
  public:
    QuotaRoom() = default;  ///< of a repository without a quota
    QuotaRoom(std::string_view repository, std::uint64_t allowed, std::uint64_t used)
        : repository_(repository), allowed_(allowed), used_(used), limited_(true) {}

    /// quota_exceeded if `bytes` are too many.
    [[nodiscard]] Result<> require(std::uint64_t bytes) const;

  private:
    std::string repository_;
    std::uint64_t allowed_ = 0;
    std::uint64_t used_ = 0;
    bool limited_ = false;
};

/// Asks the metadata only where a quota of bytes matches.
Task<Result<QuotaRoom>> quota_room(Registry& registry, oci::RepositoryName const& repository);

/// quota_exceeded if the manifest, or its tags, are too many. Asks the metadata only where a quota matches;
/// the transaction that records the manifest decides again.
Task<Result<>> require_quota(Registry& registry, meta::NewManifest const& manifest);

}  // namespace ocilot::registry
