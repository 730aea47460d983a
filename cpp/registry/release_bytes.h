#pragma once

#include "registry/registry.h"

namespace ocilot::registry {

/// Hands bytes to the garbage collection that were stored for a link or a manifest whose record was refused
/// then: by a quota, or by a delete that came in between. Others may hold them, which it finds out. Where
/// that cannot be noted either, its walk over the store finds them.
Task<> release_bytes(Registry& registry, oci::Digest digest);

}  // namespace ocilot::registry
