#include "oci/children.h"

#include "oci/media_type.h"

namespace ocilot::oci {

namespace {

Child as_blob(Descriptor const& descriptor) {
    bool const elsewhere = !descriptor.urls.empty() || is_non_distributable(descriptor.media_type);
    return {&descriptor, false, !elsewhere};
}

}  // namespace

std::vector<Child> children_of(Manifest const& manifest) {
    std::vector<Child> children;
    if (manifest.config) children.push_back(as_blob(*manifest.config));
    for (auto const& layer : manifest.layers) children.push_back(as_blob(layer));
    for (auto const& child : manifest.manifests) {
        children.push_back(is_manifest(child.media_type) ? Child{&child, true, true} : as_blob(child));
    }
    return children;
}

}  // namespace ocilot::oci
