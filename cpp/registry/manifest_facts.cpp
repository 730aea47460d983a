#include "registry/manifest_facts.h"

#include "oci/children.h"

#include <utility>

namespace ocilot::registry {

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
    for (auto const& child : oci::children_of(manifest)) {
        auto const& digest = child.descriptor->digest;
        (child.is_manifest ? facts.manifests : facts.blobs).push_back(digest);
        if (!child.is_required) continue;
        (child.is_manifest ? facts.required_manifests : facts.required_blobs).push_back(digest);
    }
    return facts;
}

}  // namespace ocilot::registry
