#pragma once

#include "registry/registry.h"

#include <string>
#include <vector>

namespace ocilot::registry {

/// The platforms that an image or an index is for; empty if it names none, or cannot be read. Reads its
/// manifest, and a configuration unless it is an index, at most once while they are remembered.
Task<std::vector<std::string>> platforms_of(Registry& registry, oci::Digest manifest, std::string media_type);

}  // namespace ocilot::registry
