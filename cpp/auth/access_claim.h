#pragma once

#include "auth/resource.h"
#include "base/result.h"
#include "jose/jwt.h"

#include <vector>

namespace ocilot::auth {

/// Resources in the claim `access` of a verified token (distribution's docs/spec/auth/jwt); none if it has no
/// such claim, or a null one, as Go writes an empty list. unauthorized with the reason for any other shape.
[[nodiscard]] Result<std::vector<Resource>> access_claim(jose::Claims const& claims);

}  // namespace ocilot::auth
