#pragma once

#include "base/result.h"
#include "meta/caller_counting.h"
#include "registry/registry.h"
#include "server/settings/settings.h"

namespace ocilot::server {

/// What the settings say about operations. config if a pattern is none.
Result<registry::Rules> rules_of(Settings const& settings);

/// Callers are counted while one of the quotas is of callers: without any, no push pays for it.
[[nodiscard]] meta::CallerCounting counting_of(Settings const& settings);

}  // namespace ocilot::server
