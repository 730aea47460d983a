#pragma once

#include "policy/gate.h"

#include <string>
#include <utility>

namespace ocilot::registry {

/// A gate's answer as a Result: denied with the gate's reason, and a gate that fails refuses (deny by
/// default).
inline Result<> admitted(Result<policy::Decision> answer) {
    TRY(auto decision, std::move(answer));
    if (decision.allowed) return {};
    return Error{Errc::denied, decision.reason.empty() ? "denied by a policy of this registry"
                                                       : std::move(decision.reason)};
}

}  // namespace ocilot::registry
