#pragma once

#include "base/result.h"

#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace ocilot::jose {

/// A JSON object that two readers cannot read differently: no member twice at any level, at most 16 levels,
/// UTF-8, numbers that can be represented. bad_request with a reason that holds nothing of the text.
[[nodiscard]] Result<nlohmann::json> parse_strict_object(std::string_view text);

}  // namespace ocilot::jose
