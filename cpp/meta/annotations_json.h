#pragma once

#include "base/result.h"
#include "oci/descriptor.h"

#include <string>
#include <string_view>

namespace ocilot::meta {

/// Annotations as the JSON object they are stored as. internal if one is not UTF-8.
[[nodiscard]] Result<std::string> annotations_to_json(oci::Annotations const& annotations);
/// Whether `text` is such an object: what was stored and is not damaged.
[[nodiscard]] bool is_annotations_json(std::string_view text) noexcept;

}  // namespace ocilot::meta
