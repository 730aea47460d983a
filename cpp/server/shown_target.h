#pragma once

#include <string>
#include <string_view>

namespace ocilot::server {

/// A request target as it may be logged: without a user in front of the host, and with `***` for the values
/// of parameters that are secrets by their name. Clients have put passwords and tokens there by mistake.
[[nodiscard]] std::string shown_target(std::string_view target);

}  // namespace ocilot::server
