#include "registry/remove.h"

#include "registry/actor.h"
#include "registry/admit.h"

namespace ocilot::registry {

namespace {

Task<Result<>> may_delete(Registry& registry, policy::Caller const& caller,
                          oci::RepositoryName const& repository, oci::Reference const& reference) {
    if (!registry.rules.deletes) {
        co_return Error{Errc::unsupported,
                        "deleting is switched off in this registry; an operator can switch it on with "
                        "storage.delete.enabled: true"};
    }
    if (!registry.gate.asks(policy::Point::admit_delete)) co_return Result<>{};
    policy::Deletion const deletion{caller, repository, reference};
    co_return admitted(co_await registry.gate.admit_delete(deletion));
}

}  // namespace

Task<Result<>> delete_manifest(Registry& registry, policy::Caller const& caller,
                               oci::RepositoryName const& repository, oci::Reference const& reference) {
    CO_CHECK(co_await may_delete(registry, caller, repository, reference));
    auto const now = registry.clock.now();
    if (auto const* tag = std::get_if<oci::Tag>(&reference)) {
        co_return co_await registry.meta.catalog().delete_tag(repository, *tag, actor_of(caller), now);
    }
    co_return co_await registry.meta.catalog().delete_manifest(repository, std::get<oci::Digest>(reference),
                                                               actor_of(caller), now);
}

Task<Result<>> delete_blob(Registry& registry, policy::Caller const& caller,
                           oci::RepositoryName const& repository, oci::Digest const& digest) {
    oci::Reference const reference = digest;
    CO_CHECK(co_await may_delete(registry, caller, repository, reference));
    co_return co_await registry.meta.links().unlink_blob(repository, digest, actor_of(caller),
                                                         registry.clock.now());
}

}  // namespace ocilot::registry
