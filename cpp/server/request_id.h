#pragma once

#include "base/random.h"

#include <string>
#include <string_view>

namespace ocilot::server {

/// Sixteen random hexadecimal digits.
[[nodiscard]] std::string random_request_id(Random& random);

/// Whether an id that came with a request can be kept: 1 to 64 letters, digits, dots, underscores and dashes.
[[nodiscard]] bool is_sane_request_id(std::string_view id) noexcept;

}  // namespace ocilot::server
