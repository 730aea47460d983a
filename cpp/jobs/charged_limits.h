#pragma once

#include "meta/quota_limits.h"
#include "registry/registry.h"

#include <string>

namespace ocilot::jobs {

/// The quota of a caller by what `meta::charged_to` calls him: by his name, the groups in force, and those of
/// his account if the registry has accounts. Groups that are known at a login only are missing.
Task<Result<meta::QuotaLimits>> limits_of_charged(registry::Registry& registry, bool has_accounts,
                                                  std::string charged);

}  // namespace ocilot::jobs
