#pragma once

#include "base/result.h"
#include "registry/registry.h"
#include "server/settings/settings.h"

namespace ocilot::server {

/// What the settings say about operations. config if a pattern is none.
Result<registry::Rules> rules_of(Settings const& settings);

}  // namespace ocilot::server
