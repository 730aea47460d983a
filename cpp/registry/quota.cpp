#include "registry/quota.h"

#include "meta/charged_to.h"

#include <algorithm>

namespace ocilot::registry {

namespace {

void lower(std::optional<std::uint64_t>& limit, std::optional<std::uint64_t> other) {
    if (other && (!limit || *other < *limit)) limit = other;
}

void lower(meta::QuotaLimits& limits, meta::QuotaLimits const& others) {
    lower(limits.bytes, others.bytes);
    lower(limits.tags, others.tags);
}

/// What a manifest adds to what is used.
struct ManifestAddition {
    std::uint64_t bytes = 0;
    std::uint64_t tags = 0;
};

Task<ManifestAddition> addition_of(Registry& registry, meta::NewManifest const& manifest) {
    auto& catalog = registry.meta.catalog();
    ManifestAddition added;
    auto const known = co_await catalog.manifest(manifest.repository, manifest.fact.digest);
    if (known.has_error()) added.bytes = manifest.fact.size;
    for (auto const& tag : manifest.tags) {
        auto const there = co_await catalog.resolve(manifest.repository, tag);
        if (there.has_error()) ++added.tags;
    }
    co_return added;
}

Result<> require_place(meta::QuotaLimits const& limits, meta::Usage const& usage,
                       ManifestAddition const& added, meta::QuotaHolder const& holder) {
    if (limits.bytes && added.bytes > 0) {
        QuotaRoom room;
        room.limit(holder, *limits.bytes, usage.bytes);
        CHECK(room.require(added.bytes));
    }
    if (limits.tags && added.tags > 0 && usage.tags + added.tags > *limits.tags) {
        return meta::tags_exceeded(holder, *limits.tags, usage.tags);
    }
    return {};
}

}  // namespace

meta::QuotaLimits limits_of(std::vector<Quota> const& quotas, oci::RepositoryName const& repository) {
    meta::QuotaLimits limits;
    for (auto const& quota : quotas) {
        bool const applies = std::ranges::any_of(
            quota.repositories, [&](auto const& pattern) { return pattern.matches(repository); });
        if (applies) lower(limits, quota.limits);
    }
    return limits;
}

meta::QuotaLimits limits_of(Rules const& rules, policy::Caller const& caller) {
    meta::QuotaLimits limits;
    for (auto const& quota : rules.caller_quotas) {
        bool const applies = std::ranges::any_of(
            quota.callers, [&](auto const& subject) { return rules.groups.fits(subject, caller); });
        if (applies) lower(limits, quota.limits);
    }
    return limits;
}

meta::PushLimits limits_of(Rules const& rules, policy::Caller const& caller,
                           oci::RepositoryName const& repository) {
    return {limits_of(rules.quotas, repository), limits_of(rules, caller)};
}

void QuotaRoom::limit(meta::QuotaHolder holder, std::uint64_t allowed, std::uint64_t used) {
    limits_.push_back({std::move(holder), allowed, used});
}

Result<> QuotaRoom::require(std::uint64_t bytes) const {
    for (auto const& [holder, allowed, used] : limits_) {
        bool const fits = used <= allowed && bytes <= allowed - used;
        if (!fits) return meta::bytes_exceeded(holder, allowed, used, bytes);
    }
    return {};
}

Task<Result<QuotaRoom>> quota_room(Registry& registry, policy::Caller const& caller,
                                   oci::RepositoryName const& repository) {
    QuotaRoom room;
    auto& report = registry.meta.collection().report();
    auto const limits = limits_of(registry.rules, caller, repository);
    if (limits.repository.bytes) {
        CO_TRY(auto const usage, co_await report.usage(repository));
        room.limit(meta::QuotaHolder::repository(repository.str()), *limits.repository.bytes, usage.bytes);
    }
    if (limits.caller.bytes) {
        auto const charged = meta::charged_to(policy::to_string(caller.kind), caller.name);
        CO_TRY(auto const usage, co_await report.caller_usage(charged));
        // Nobody has no quota.
        if (!charged.empty())
            room.limit(meta::QuotaHolder::caller(charged), *limits.caller.bytes, usage.bytes);
    }
    co_return room;
}

Task<Result<>> require_quota(Registry& registry, meta::NewManifest const& manifest) {
    auto const& limits = manifest.limits;
    if (!limits.any()) co_return Result<>{};
    auto& report = registry.meta.collection().report();
    auto const added = co_await addition_of(registry, manifest);
    if (limits.repository.any()) {
        CO_TRY(auto const usage, co_await report.usage(manifest.repository));
        CO_CHECK(require_place(limits.repository, usage, added,
                               meta::QuotaHolder::repository(manifest.repository.str())));
    }
    auto const charged = meta::charged_to(manifest.pushed_by.kind, manifest.pushed_by.name);
    if (limits.caller.any() && !charged.empty()) {
        CO_TRY(auto const usage, co_await report.caller_usage(charged));
        CO_CHECK(require_place(limits.caller, usage, added, meta::QuotaHolder::caller(charged)));
    }
    co_return Result<>{};
}

}  // namespace ocilot::registry
