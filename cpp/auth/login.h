#pragma once

#include "base/clock.h"
#include "policy/caller.h"

#include <optional>
#include <string>

namespace ocilot::auth {

/// Who logged in, and how long what they showed is worth something: what is made of it ends with it.
struct Login {
    policy::Caller caller;
    std::optional<Time> ends_at = {};  ///< when the token of a foreign issuer expires; nullopt: no such end
    std::string account_fingerprint =
        {};  ///< see account_fingerprint(); empty: not an account of this registry
    /// Fingerprint of the user's line in the htpasswd file, see Htpasswd::fingerprint(); empty: not a user of
    /// it.
    std::string htpasswd_fingerprint = {};
};

}  // namespace ocilot::auth
