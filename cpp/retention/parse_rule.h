#pragma once

#include "retention/members.h"
#include "retention/policy.h"

#include <cstdint>

namespace ocilot::retention {

enum class Purpose : std::uint8_t { keep, remove };

/// One rule of the document; errors as parse_policies.
[[nodiscard]] Result<Rule> parse_rule(nlohmann::json const& value, Path at, Purpose purpose);

}  // namespace ocilot::retention
