#pragma once

#include "oci/descriptor.h"
#include "oci/json_limits.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::oci {

/// What a registry has to know of an image manifest or an index (image-spec, manifest.md and image-index.md;
/// Docker schema 2 and manifest list). The bytes themselves are kept elsewhere, untouched.
struct Manifest {
    std::string media_type;             ///< bare, one of the four types of is_manifest()
    std::string artifact_type;          ///< `artifactType`, empty if absent
    std::optional<Descriptor> config;   ///< image manifests only
    std::vector<Descriptor> layers;     ///< image manifests only
    std::vector<Descriptor> manifests;  ///< indexes only
    std::optional<Descriptor> subject;
    Annotations annotations;

    /// The type a referrers list shows: artifactType, else an image manifest's config type, else empty.
    [[nodiscard]] std::string_view referrer_type() const noexcept;
};

/// Reads a manifest. `content_type` is the bare type the client declared, or empty: then the body's
/// `mediaType` decides. manifest_invalid, saying what is wrong and where, for: not strict JSON (RFC 8259:
/// one value, UTF-8, no byte order mark), nesting over `limits`, duplicate keys, not an object, an unknown or
/// missing type, `mediaType` ≠ content type, `layers` or `config` in an index or `manifests` in an image
/// manifest, a required field missing or of the wrong kind, impossible descriptors (no type, digest or size;
/// negative or fractional size), Docker schema 1. A field that is null counts as absent, absent `layers` are
/// none. Unknown fields, unknown layer and artifact types, empty lists and `data` are accepted (image-spec
/// MUST).
[[nodiscard]] Result<Manifest> parse_manifest(std::string_view body, std::string_view content_type,
                                              JsonLimits limits = {});

}  // namespace ocilot::oci
