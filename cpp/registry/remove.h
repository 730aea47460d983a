#pragma once

#include "registry/registry.h"

#include <optional>

namespace ocilot::registry {

/// Removes a tag (only the tag) or, by digest, a manifest with every tag on it (end-9).
/// The gate is asked about each of these tags, too.
/// unsupported if deletes are switched off; manifest_unknown; denied; precondition_failed.
Task<Result<>> delete_manifest(Registry& registry, policy::Caller const& caller,
                               oci::RepositoryName const& repository, oci::Reference const& reference,
                               std::optional<meta::TagCondition> condition = {});

/// A tag, or a manifest without one, as a policy of the registry has seen and selected it.
struct Selected {
    std::optional<oci::Tag> tag = {};
    oci::Digest digest;
    std::optional<Time> set_at = {};  ///< when the tag was last set
    meta::Cause cause = {};           ///< what selected it
};

/// Removes what a policy selects, if it is as it was seen: precondition_failed if the tag was set again
/// since, conflict if the manifest has a tag. The gate is asked as for any caller; clients may be without the
/// right to delete anything.
Task<Result<>> remove_selected(Registry& registry, policy::Caller const& caller,
                               oci::RepositoryName const& repository, Selected selected);

/// Takes a blob out of a repository (end-10). unsupported if deletes are switched off, or, where Rules say
/// so, if a manifest of the repository references it; blob_unknown; denied.
Task<Result<>> delete_blob(Registry& registry, policy::Caller const& caller,
                           oci::RepositoryName const& repository, oci::Digest const& digest);

}  // namespace ocilot::registry
