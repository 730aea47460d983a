#pragma once

#include "http/core/message.h"

#include <string>
#include <vector>

namespace ocilot::http {

/// Adds a `Warning: 299 - "text"` header for each text (distribution-spec, "Warnings"). All together stay
/// within 4096 bytes: what does not fit is counted in the last one.
void add_warnings(Response& response, std::vector<std::string> const& texts);

}  // namespace ocilot::http
