#include "registry/remove.h"

#include "registry/actor.h"
#include "registry/admit.h"

#include <algorithm>
#include <iterator>

namespace ocilot::registry {

namespace {

Task<Result<>> may_delete(Registry& registry, policy::Caller const& caller,
                          oci::RepositoryName const& repository, oci::Reference const& reference,
                          policy::Removed kind) {
    if (!registry.rules.deletes) {
        co_return Error{Errc::unsupported,
                        "deleting is switched off in this registry; an operator can switch it on with "
                        "storage.delete.enabled: true"};
    }
    if (!registry.gate.asks(policy::Point::admit_delete)) co_return Result<>{};
    policy::Deletion const deletion{caller, repository, reference, kind};
    co_return admitted(co_await registry.gate.admit_delete(deletion));
}

using SeenTags = std::optional<std::vector<std::string>>;

/// A tag that may not be removed may not lose what it needs, either. Answers the tags that may; nullopt if
/// nobody was asked.
Task<Result<SeenTags>> may_delete_tags_on(Registry& registry, policy::Caller const& caller,
                                          oci::RepositoryName const& repository, oci::Digest const& digest) {
    if (!registry.gate.asks(policy::Point::admit_delete)) co_return SeenTags{};
    std::vector<std::string> seen;
    constexpr std::size_t at_once = 1000;
    meta::Page page{{}, at_once};
    for (bool more = true; more;) {
        CO_TRY(auto tags, co_await registry.meta.catalog().tags_on(repository, digest, page));
        for (auto const& name : tags.items) {
            CO_TRY(oci::Reference const tag, oci::Tag::parse(name));
            CO_CHECK(co_await may_delete(registry, caller, repository, tag, policy::Removed::tag));
        }
        more = tags.more;
        if (more) page.after = tags.items.back();
        std::ranges::move(tags.items, std::back_inserter(seen));
    }
    co_return seen;
}

}  // namespace

Task<Result<>> delete_manifest(Registry& registry, policy::Caller const& caller,
                               oci::RepositoryName const& repository, oci::Reference const& reference) {
    auto const* const tag = std::get_if<oci::Tag>(&reference);
    CO_CHECK(co_await may_delete(registry, caller, repository, reference,
                                 tag != nullptr ? policy::Removed::tag : policy::Removed::manifest));
    auto& catalog = registry.meta.catalog();
    auto const now = registry.clock.now();
    if (tag != nullptr) co_return co_await catalog.delete_tag(repository, *tag, actor_of(caller), now);
    auto const& digest = std::get<oci::Digest>(reference);
    CO_TRY(auto seen, co_await may_delete_tags_on(registry, caller, repository, digest));
    co_return co_await catalog.delete_manifest(repository, digest, std::move(seen), actor_of(caller), now);
}

Task<Result<>> delete_blob(Registry& registry, policy::Caller const& caller,
                           oci::RepositoryName const& repository, oci::Digest const& digest) {
    oci::Reference const reference = digest;
    CO_CHECK(co_await may_delete(registry, caller, repository, reference, policy::Removed::blob));
    CO_TRY(auto seen, co_await may_delete_tags_on(registry, caller, repository, digest));
    co_return co_await registry.meta.links().unlink_blob(repository, digest, std::move(seen),
                                                         actor_of(caller), registry.clock.now());
}

}  // namespace ocilot::registry
