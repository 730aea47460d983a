#include "registry/remove.h"

#include "registry/actor.h"
#include "registry/admit.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ocilot::registry {

namespace {

Result<> deletes_are_enabled(Registry const& registry) {
    if (registry.rules.deletes) return {};
    return Error{Errc::unsupported,
                 "deletion is disabled; an operator can enable it with storage.delete.enabled: true"};
}

/// All tags that need the digest. A tag that may not be removed may not lose what it needs, either.
Task<Result<std::vector<std::string>>> tags_that_need(Registry& registry,
                                                      oci::RepositoryName const& repository,
                                                      oci::Digest const& digest) {
    std::vector<std::string> found;
    constexpr std::size_t at_once = 1000;
    meta::Page page{{}, at_once};
    for (bool more = true; more;) {
        CO_TRY(auto tags, co_await registry.meta.catalog().tags_on(repository, digest, page));
        more = tags.more;
        if (more) page.after = tags.items.back();
        std::ranges::move(tags.items, std::back_inserter(found));
    }
    co_return found;
}

using ExpectedTags = std::optional<std::vector<std::string>>;

/// One question for everything that goes. Answers the tags that it named; nullopt if no hook was asked.
Task<Result<ExpectedTags>> may_delete(Registry& registry, policy::Caller const& caller,
                                      oci::RepositoryName const& repository, oci::Reference const& reference,
                                      policy::Removed kind) {
    if (!registry.gate.asks(policy::Point::admit_delete)) co_return ExpectedTags{};
    std::vector<std::string> tags;
    if (auto const* const digest = std::get_if<oci::Digest>(&reference)) {
        CO_TRY(tags, co_await tags_that_need(registry, repository, *digest));
    }
    policy::Deletion const deletion{caller, repository, reference, kind, tags};
    CO_CHECK(admitted(co_await registry.gate.admit_delete(deletion)));
    co_return ExpectedTags(std::move(tags));
}

}  // namespace

Task<Result<>> delete_manifest(Registry& registry, policy::Caller const& caller,
                               oci::RepositoryName const& repository, oci::Reference const& reference,
                               std::optional<meta::TagCondition> condition) {
    auto const* const tag = std::get_if<oci::Tag>(&reference);
    auto const kind = tag != nullptr ? policy::Removed::tag : policy::Removed::manifest;
    CO_CHECK(deletes_are_enabled(registry));
    CO_TRY(auto seen, co_await may_delete(registry, caller, repository, reference, kind));
    auto& catalog = registry.meta.catalog();
    auto const now = registry.clock.now();
    if (tag != nullptr) {
        co_return co_await catalog.delete_tag(repository, *tag, actor_of(caller), now, std::move(condition));
    }
    auto const& digest = std::get<oci::Digest>(reference);
    CO_CHECK(meta::require(condition, "the manifest", digest.str()));
    co_return co_await catalog.delete_manifest(repository, digest, std::move(seen), actor_of(caller), now);
}

Task<Result<>> remove_selected(Registry& registry, policy::Caller const& caller,
                               oci::RepositoryName const& repository, Selected selected) {
    auto const& tag = selected.tag;
    oci::Reference const reference = tag ? oci::Reference(*tag) : oci::Reference(selected.digest);
    auto const kind = tag ? policy::Removed::tag : policy::Removed::manifest;
    CO_CHECK(co_await may_delete(registry, caller, repository, reference, kind));
    auto& catalog = registry.meta.catalog();
    auto const now = registry.clock.now();
    auto by = actor_of(caller);
    by.cause = std::move(selected.cause);
    if (!tag) {
        std::vector<std::string> const none;
        co_return co_await catalog.delete_manifest(repository, selected.digest, none, std::move(by), now);
    }
    meta::TagCondition unmoved;
    unmoved.match = meta::TagCondition::Content{.digests = {selected.digest.str()}};
    unmoved.set_at = selected.set_at;
    co_return co_await catalog.delete_tag(repository, *tag, std::move(by), now, unmoved);
}

Task<Result<>> delete_blob(Registry& registry, policy::Caller const& caller,
                           oci::RepositoryName const& repository, oci::Digest const& digest) {
    oci::Reference const reference = digest;
    CO_CHECK(deletes_are_enabled(registry));
    CO_TRY(auto seen, co_await may_delete(registry, caller, repository, reference, policy::Removed::blob));
    meta::UnlinkConditions conditions{std::move(seen), !registry.rules.delete_referenced};
    co_return co_await registry.meta.links().unlink_blob(repository, digest, std::move(conditions),
                                                         actor_of(caller), registry.clock.now());
}

}  // namespace ocilot::registry
