#pragma once

#include "policy/gate.h"

#include <string>
#include <variant>

namespace ocilot::hookbox {

/// Nothing to say: not my login, ask the rules, let it pass.
struct Abstain {};

/// The script could not answer.
struct Failure {
    std::string reason;
    std::string by = {};  ///< the script
};

/// The answer to a question of control.
struct Reply {
    std::string text;
};

using Answer = std::variant<Abstain, policy::Decision, policy::Caller, Failure, Reply>;

}  // namespace ocilot::hookbox
