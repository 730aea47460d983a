#pragma once

#include "oci/manifest.h"

#include <vector>

namespace ocilot::oci {

/// Something a manifest is made of. Borrowed from the manifest.
struct Child {
    Descriptor const* descriptor;
    /// Whether it is kept as a manifest or as a blob. An index may name blobs, as BuildKit's cache does: the
    /// child's type tells.
    bool is_manifest;
    /// Whether a registry has to hold it (image-spec, "Non-Distributable Layers").
    bool is_required;
};

/// Config, layers and manifests, in the order of the manifest; not its subject.
[[nodiscard]] std::vector<Child> children_of(Manifest const& manifest);

}  // namespace ocilot::oci
