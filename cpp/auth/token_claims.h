#pragma once

#include "auth/resource.h"
#include "jose/jwt.h"
#include "policy/caller.h"

#include <chrono>
#include <string>
#include <vector>

namespace ocilot::auth {

/// What a token of our own says of whoever holds it.
struct TokenSubject {
    policy::Caller caller;  ///< limited to the token's resources; without an address
    /// What the account was known by when it logged in, see account_fingerprint(); empty: it has none.
    std::string account = {};
    std::string secret = {};  ///< id of the account's token that has to be there; empty: none
    std::string htpasswd_fingerprint =
        {};  ///< of the user's line in the htpasswd file; empty: not a user of it
};

/// Everything that goes into a token of our own.
struct TokenPayload {
    std::string service;  ///< issuer and audience
    std::string id;
    TokenSubject subject;
    std::vector<Resource> access;
    Time issued_at{};
    std::chrono::seconds life{300};
};

/// Claims of a token, one JSON object.
[[nodiscard]] std::string to_claims_json(TokenPayload const& token);
/// The same back from verified claims; unauthorized if they are not of this registry's making.
[[nodiscard]] Result<TokenSubject> parse_token_claims(jose::Claims const& claims);

}  // namespace ocilot::auth
