#pragma once

#include "base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace ocilot::meta {

/// A list of texts as the JSON array it is stored as. internal if one is not UTF-8.
[[nodiscard]] Result<std::string> names_to_json(std::vector<std::string> const& names);
/// The list again; io if the text is not one, which only damage can bring about.
[[nodiscard]] Result<std::vector<std::string>> names_from_json(std::string_view text);

}  // namespace ocilot::meta
