#pragma once

#include "policy/gate.h"

#include <string>
#include <variant>
#include <vector>

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

/// The answer to `retain`: what all scripts keep.
struct Kept {
    std::vector<policy::KeptTag> tags;
};

/// The answer to `images_in_use`: a list of each hook.
struct InUse {
    std::vector<policy::ImagesInUse> lists;
};

using Answer = std::variant<Abstain, policy::Decision, policy::Caller, Failure, Reply, Kept, InUse>;

}  // namespace ocilot::hookbox
