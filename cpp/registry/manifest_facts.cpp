#include "registry/manifest_facts.h"

#include "oci/children.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

namespace ocilot::registry {

namespace {

/// Bytes of the blobs, each once: images name empty layers again and again.
std::uint64_t size_of_each(std::vector<oci::Descriptor const*> blobs) {
    std::ranges::sort(blobs, {}, [](auto const* blob) { return blob->digest; });
    std::uint64_t size = 0;
    oci::Descriptor const* last = nullptr;
    for (auto const* const blob : blobs) {
        bool const is_same = last != nullptr && last->digest == blob->digest;
        last = blob;
        if (is_same) continue;
        auto const room = std::numeric_limits<std::uint64_t>::max() - size;
        size += std::min(room, blob->size);
    }
    return size;
}

}  // namespace

meta::NewManifest facts_of(oci::RepositoryName const& repository, meta::ManifestFact fact,
                           oci::Manifest const& manifest) {
    meta::NewManifest facts{
        .repository = repository,
        .fact = std::move(fact),
        .required_blobs = {},
        .required_manifests = {},
        .blobs = {},
        .manifests = {},
        .subject = {},
        .artifact_type = std::string(manifest.referrer_type()),
        .annotations = manifest.annotations,
        .tags = {},
        .pushed_by = {},
        .pushed_at = {},
    };
    if (manifest.subject) facts.subject = manifest.subject->digest;
    std::vector<oci::Descriptor const*> blobs;
    blobs.reserve(manifest.layers.size() + 1);
    for (auto const& child : oci::children_of(manifest)) {
        auto const& digest = child.descriptor->digest;
        (child.is_manifest ? facts.manifests : facts.blobs).push_back(digest);
        if (!child.is_manifest) blobs.push_back(child.descriptor);
        if (!child.is_required) continue;
        (child.is_manifest ? facts.required_manifests : facts.required_blobs).push_back(digest);
    }
    facts.blobs_size = size_of_each(std::move(blobs));
    return facts;
}

}  // namespace ocilot::registry
