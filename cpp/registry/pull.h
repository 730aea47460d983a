#pragma once

#include "registry/registry.h"

#include <memory>
#include <string>

namespace ocilot::registry {

/// A manifest with its bytes, exactly as pushed.
struct StoredManifest {
    meta::ManifestFact fact;
    std::shared_ptr<std::string const> bytes;
};

/// What is known of a manifest, without its bytes (HEAD, end-3). manifest_unknown.
Task<Result<meta::ManifestFact>> stat_manifest(Registry& registry, oci::RepositoryName const& repository,
                                               oci::Reference const& reference);
/// The manifest itself (GET, end-3). manifest_unknown.
Task<Result<StoredManifest>> pull_manifest(Registry& registry, oci::RepositoryName const& repository,
                                           oci::Reference const& reference);

/// Size of a blob linked to the repository (HEAD, end-2). blob_unknown.
Task<Result<meta::BlobFact>> stat_blob(Registry& registry, oci::RepositoryName const& repository,
                                       oci::Digest const& digest);
/// The blob, open (GET, end-2). blob_unknown.
Task<Result<std::unique_ptr<blob::Blob>>> pull_blob(Registry& registry, oci::RepositoryName const& repository,
                                                    oci::Digest const& digest);

}  // namespace ocilot::registry
