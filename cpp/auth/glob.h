#pragma once

#include <string_view>

namespace ocilot::auth {

/// Whether a text fits a pattern as a whole: `*` is any number of any characters, also none, everything else
/// itself. In time that grows with pattern times text at most.
[[nodiscard]] bool glob_fits(std::string_view pattern, std::string_view text) noexcept;

}  // namespace ocilot::auth
