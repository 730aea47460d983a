#pragma once

#include "base/result.h"
#include "oci/descriptor.h"

#include <string>
#include <string_view>

namespace ocilot::meta {

/// Annotations as the JSON object they are stored as. internal if one is not UTF-8.
[[nodiscard]] Result<std::string> annotations_to_json(oci::Annotations const& annotations);
/// The way back; io if `text` is no such object, which only damage can bring about.
[[nodiscard]] Result<oci::Annotations> annotations_from_json(std::string_view text);

}  // namespace ocilot::meta
