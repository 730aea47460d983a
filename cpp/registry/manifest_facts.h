#pragma once

#include "meta/facts.h"
#include "oci/manifest.h"

namespace ocilot::registry {

/// What is to be recorded of a manifest of `fact.size` bytes, but for its tags, and who pushed it when.
[[nodiscard]] meta::NewManifest facts_of(oci::RepositoryName const& repository, meta::ManifestFact fact,
                                         oci::Manifest const& manifest);

}  // namespace ocilot::registry
