#pragma once

#include "http/core/message.h"
#include "policy/caller.h"
#include "registry/registry.h"

#include <optional>
#include <string_view>

namespace ocilot::http {

/// For whom a request through the control socket acts: the value of `Ocilot-As`, such as `robot:ci`. nullopt
/// for all other requests: elsewhere the header means nothing.
[[nodiscard]] std::optional<std::string_view> acts_for(Request const& request) noexcept;

/// That caller, with the rights that it has: an account if accounts are kept, else what the header says.
/// bad_request for an invalid value, unauthorized for an account that is unknown or disabled.
Task<Result<policy::Caller>> acting_caller(registry::Registry& registry, bool keeps_accounts,
                                           std::string_view value);

}  // namespace ocilot::http
