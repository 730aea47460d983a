#pragma once

#include "registry/registry.h"

namespace ocilot::registry {

/// Removes a tag (only the tag) or, by digest, a manifest with every tag on it (end-9).
/// The gate is asked about each of these tags, too.
/// unsupported if deletes are switched off; manifest_unknown; denied; precondition_failed.
Task<Result<>> delete_manifest(Registry& registry, policy::Caller const& caller,
                               oci::RepositoryName const& repository, oci::Reference const& reference,
                               std::optional<meta::TagCondition> condition = {});

/// Removes a tag or a manifest that a policy of the registry selects, as `digest` only: precondition_failed
/// if the tag points elsewhere now, conflict if the manifest has a tag. The gate is asked as for any caller;
/// clients may be without the right to delete anything.
Task<Result<>> remove_selected(Registry& registry, policy::Caller const& caller,
                               oci::RepositoryName const& repository, std::optional<oci::Tag> tag,
                               oci::Digest const& digest);

/// Takes a blob out of a repository (end-10). unsupported if deletes are switched off, or, where Rules say
/// so, if a manifest of the repository references it; blob_unknown; denied.
Task<Result<>> delete_blob(Registry& registry, policy::Caller const& caller,
                           oci::RepositoryName const& repository, oci::Digest const& digest);

}  // namespace ocilot::registry
