#pragma once

#include "registry/registry.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::registry {

/// A manifest as a client sends it (end-7).
struct ManifestUpload {
    policy::Caller const& caller;
    oci::RepositoryName const& repository;
    oci::Reference const& reference;  ///< a tag to move, or the digest the bytes must have
    std::vector<oci::Tag> more_tags;  ///< `?tag=` of a push by digest
    std::string_view content_type;    ///< bare; empty if the client sent none
    std::string_view bytes;
    bool may_move_tags = true;  ///< false: denied if a tag that is there would move
    /// Of the tags, or of the manifest itself if there are none.
    std::optional<meta::TagCondition> condition = {};
};

/// What was stored.
struct PushedManifest {
    meta::ManifestFact fact;
    std::optional<oci::Digest> subject;      ///< answered as `OCI-Subject`
    std::vector<std::string> warnings = {};  ///< what was taken, but looks like a mistake; one sentence each
};

/// Checks, asks the gate about the manifest and each tag, stores and records a manifest, moving tags in the
/// same transaction. A descriptor whose size is not that of the content is a warning, or manifest_invalid
/// with strict sizes. manifest_invalid, digest_invalid, manifest_blob_unknown (one subject a missing
/// descriptor; not in a repository whose manifests may be sparse), denied, precondition_failed.
Task<Result<PushedManifest>> push_manifest(Registry& registry, ManifestUpload upload);

}  // namespace ocilot::registry
