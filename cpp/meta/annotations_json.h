#pragma once

#include "base/result.h"
#include "oci/descriptor.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ocilot::meta {

/// Annotations as the JSON object they are stored as. internal if one is not UTF-8.
[[nodiscard]] Result<std::string> annotations_to_json(oci::Annotations const& annotations);
struct SomeAnnotations {
    std::string json;
    std::uint64_t left_out = 0;
};
/// Those that fit into `most` bytes as such an object, in the order of their keys. `json` is the object of
/// all, as annotations_to_json has made it.
[[nodiscard]] SomeAnnotations annotations_within(std::size_t most, oci::Annotations const& annotations,
                                                 std::string json);
/// Whether `text` is such an object: what was stored and is not damaged.
[[nodiscard]] bool is_annotations_json(std::string_view text) noexcept;

}  // namespace ocilot::meta
