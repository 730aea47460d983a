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

Task<Result<>> require_quota(Registry& registry, meta::NewManifest const& manifest) {
    auto const& limits = manifest.limits;
    if (!limits.any()) co_return Result<>{};
    auto& catalog = registry.meta.catalog();
    CO_TRY(auto const usage, co_await registry.meta.collection().report().usage(manifest.repository));
    auto const known = co_await catalog.manifest(manifest.repository, manifest.fact.digest);
    if (known.has_error() && limits.bytes) {
        QuotaRoom const room(manifest.repository.str(), *limits.bytes, usage.bytes);
        CO_CHECK(room.require(manifest.fact.size));
    }
    std::uint64_t added = 0;
    for (auto const& tag : manifest.tags) {
        auto const there = co_await catalog.resolve(manifest.repository, tag);
        if (there.has_error()) ++added;
    }
    if (added > 0 && limits.tags && usage.tags + added > *limits.tags) {
        co_return meta::tags_exceeded(manifest.repository.str(), *limits.tags, usage.tags);
    }
    co_return Result<>{};
}

}  // namespace ocilot::registry
