#pragma once

#include "http/core/route.h"

namespace ocilot::http {

/// Every route of the registry. A resource is added as one line of its source.
[[nodiscard]] Routes all_routes();

}  // namespace ocilot::http
