#pragma once

#include "registry/registry.h"

namespace ocilot::registry {

/// False if there is no alias at all: nothing has to be asked.
[[nodiscard]] inline bool may_be_alias(Registry& registry) noexcept {
    return registry.meta.catalog().admin().has_aliases();
}

/// denied if the name is an alias: before a client sends what cannot be stored.
Task<Result<>> require_no_alias(Registry& registry, oci::RepositoryName const& name);

}  // namespace ocilot::registry
