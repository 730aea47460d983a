#pragma once

#include <string_view>

namespace ocilot {

/// What an operator can do about a failed system call, as a clause ("free some space"); empty if the error
/// does not say.
[[nodiscard]] std::string_view errno_advice(int errno_value) noexcept;

}  // namespace ocilot
