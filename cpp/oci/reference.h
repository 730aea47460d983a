#pragma once

#include "oci/digest.h"
#include "oci/tag.h"

#include <string>
#include <string_view>
#include <variant>

namespace ocilot::oci {

/// What names a manifest in a repository: a tag or a digest (distribution-spec, `<tag-or-digest>`).
using Reference = std::variant<Tag, Digest>;

/// With a colon it is a digest, else a tag; digest_invalid or tag_invalid otherwise.
[[nodiscard]] Result<Reference> parse_reference(std::string_view text);
[[nodiscard]] std::string to_string(Reference const& reference);

}  // namespace ocilot::oci
