#pragma once

#include <string_view>

namespace ocilot::http {

/// The value of a parameter in an element of `Forwarded` (RFC 7239 §4), without quotes: `https` for `proto`
/// in `for=192.0.2.1;Proto="https"`. Empty if it is not there.
[[nodiscard]] std::string_view forwarded_parameter(std::string_view element, std::string_view name) noexcept;

}  // namespace ocilot::http
