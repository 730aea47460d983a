#pragma once

#include "auth/rules.h"
#include "server/settings/settings.h"

#include <string>
#include <string_view>
#include <vector>

namespace ocilot::server {

/// Callers who may read something of the registry's own, as rules that grant them `admin` on it alone. Config
/// error with the key if a subject is none.
Result<auth::Rules> readers_of(Settings const& settings, std::vector<std::string> const& subjects,
                               std::string_view key);

}  // namespace ocilot::server
