#pragma once

#include "base/result.h"
#include "oci/descriptor.h"
#include "oci/json_limits.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::oci {

/// What a manifest's body says, before anybody asks whether it fits a type.
/// A field is nullopt or empty if it is absent or null.
struct ManifestFields {
    std::optional<std::uint64_t> schema_version;
    std::string media_type;
    std::string artifact_type;
    std::optional<Descriptor> config;
    std::optional<std::vector<Descriptor>> layers;
    std::optional<std::vector<Descriptor>> manifests;
    std::optional<Descriptor> subject;
    Annotations annotations;
    bool names_image = false;  ///< has a `config` or `layers` key, be its value null
    bool names_index = false;  ///< has a `manifests` key, be its value null
};

/// Reads a body in one pass, keeping nothing of fields nobody asks for. manifest_invalid, saying what is
/// wrong and where, for: not strict JSON, nesting or an object over `limits`, duplicate keys, not an object,
/// a field of the wrong kind, an impossible descriptor.
[[nodiscard]] Result<ManifestFields> read_manifest_fields(std::string_view body, JsonLimits limits);

}  // namespace ocilot::oci
