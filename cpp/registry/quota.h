#pragma once

#include "meta/push_limits.h"
#include "meta/quota_exceeded.h"
#include "registry/registry.h"

#include <cstdint>
#include <vector>

namespace ocilot::registry {

/// What the quotas allow a repository: the least of those that match.
[[nodiscard]] meta::QuotaLimits limits_of(std::vector<Quota> const& quotas,
                                          oci::RepositoryName const& repository);
/// The same for a caller in all repositories; none for the registry's own jobs.
[[nodiscard]] meta::QuotaLimits limits_of(Rules const& rules, policy::Caller const& caller);
/// Both, for a push.
[[nodiscard]] meta::PushLimits limits_of(Rules const& rules, policy::Caller const& caller,
                                         oci::RepositoryName const& repository);

/// How many bytes a repository may still get from a caller. Read before a transfer and decided again in the
/// transaction that links what came, so that transfers at the same moment cannot exceed it together.
class QuotaRoom {
  public:
    /// Of the repository, or of the caller. Without any the room has no end.
    void limit(meta::QuotaHolder holder, std::uint64_t allowed, std::uint64_t used);

    /// quota_exceeded if `bytes` are too many.
    [[nodiscard]] Result<> require(std::uint64_t bytes) const;

  private:
    struct Limit {
        meta::QuotaHolder holder;
        std::uint64_t allowed;
        std::uint64_t used;
    };
    std::vector<Limit> limits_;
};

/// Asks the metadata only where a quota of bytes matches.
Task<Result<QuotaRoom>> quota_room(Registry& registry, policy::Caller const& caller,
                                   oci::RepositoryName const& repository);

/// quota_exceeded if the manifest, or its tags, are too many. Asks the metadata only where a quota matches;
/// the transaction that records the manifest decides again.
Task<Result<>> require_quota(Registry& registry, meta::NewManifest const& manifest);

}  // namespace ocilot::registry
