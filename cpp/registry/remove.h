#pragma once

#include "registry/registry.h"

namespace ocilot::registry {

/// Removes a tag (only the tag) or, by digest, a manifest with every tag on it (end-9).
/// The gate is asked about each of these tags, too.
/// unsupported if deletes are switched off; manifest_unknown; denied; precondition_failed.
Task<Result<>> delete_manifest(Registry& registry, policy::Caller const& caller,
                               oci::RepositoryName const& repository, oci::Reference const& reference,
                               std::optional<meta::TagCondition> condition = {});

/// Takes a blob out of a repository (end-10). unsupported if deletes are switched off, or, where Rules say
/// so, if a manifest of the repository references it; blob_unknown; denied.
Task<Result<>> delete_blob(Registry& registry, policy::Caller const& caller,
                           oci::RepositoryName const& repository, oci::Digest const& digest);

}  // namespace ocilot::registry
