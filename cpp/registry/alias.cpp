#include "registry/alias.h"

#include "meta/unknown.h"

namespace ocilot::registry {

Task<Result<>> require_no_alias(Registry& registry, oci::RepositoryName const& name) {
    CO_TRY(auto const target, co_await registry.meta.catalog().admin().alias(name));
    if (target) co_return meta::push_to_alias(name);
    co_return Result<>{};
}

}  // namespace ocilot::registry
