#pragma once

#include "base/error.h"

#include <string_view>

namespace ocilot::net {

/// The Error of a request that got no usable response: `GET https://host failed: why`. What only says how the
/// connection failed becomes unavailable.
[[nodiscard]] Error request_failed(std::string_view request, Error const& why);

}  // namespace ocilot::net
