#include "registry/quota.h"

#include <algorithm>

namespace ocilot::registry {

namespace {

void lower(std::optional<std::uint64_t>& limit, std::optional<std::uint64_t> other) {
    if (other && (!limit || *other < *limit)) limit = other;
}

}  // namespace

meta::RepositoryLimits limits_of(std::vector<Quota> const& quotas, oci::RepositoryName const& repository) {
    meta::RepositoryLimits limits;
    for (auto const& quota : quotas) {
        bool const applies = std::ranges::any_of(
            quota.repositories, [&](auto const& pattern) { return pattern.matches(repository); });
        if (!applies) continue;
        lower(limits.bytes, quota.bytes);
        lower(limits.tags, quota.tags);
    }
    return limits;
}

Result<> QuotaRoom::require(std::uint64_t bytes) const {
    if (!limited_ || (used_ <= allowed_ && bytes <= allowed_ - used_)) return {};
    return meta::bytes_exceeded(repository_, allowed_, used_, bytes);
}

Task<Result<QuotaRoom>> quota_room(Registry& registry, oci::RepositoryName const& repository) {
    auto const limits = limits_of(registry.rules.quotas, repository);
    if (!limits.bytes) co_return QuotaRoom();
    CO_TRY(auto const usage, co_await registry.meta.collection().report().usage(repository));
    co_return QuotaRoom(repository.str(), *limits.bytes, usage.bytes);
}

}  // namespace ocilot::registry
