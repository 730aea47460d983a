#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "jose/public_keys.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::jose {

inline constexpr std::size_t longest_jwt = 16 * 1024;  ///< bytes

/// What a token has to be.
struct JwtRules {
    std::string issuer;    ///< `iss` has to be this
    std::string audience;  ///< `aud` has to be or to hold this
    std::vector<SigningAlgorithm> algorithms;
    std::chrono::seconds leeway{60};  ///< how far two clocks may differ
};

/// What a verified token says (RFC 7519 §4.1; distribution's docs/spec/auth/jwt).
struct Claims {
    std::string issuer;
    std::string subject;  ///< may be empty: anonymous
    std::vector<std::string> audience;
    Time expires_at{};
    std::optional<Time> not_before;
    std::optional<Time> issued_at;
    std::string id;    ///< `jti`, may be empty
    std::string json;  ///< all claims, one JSON object, no member twice
};

/// Verifies a compact JWS with claims: bounds, header, key, signature, then the claims at `now`. The keys are
/// chosen from `keys` only: `jwk` has to be one of them, `x5c` has to lead to a root, `jku` and `x5u` are not
/// looked at, `crit` is refused. unauthorized with a reason that can be told to the client as `invalid_token`
/// and holds nothing of the token.
[[nodiscard]] Result<Claims> verify_jwt(std::string_view token, PublicKeys const& keys, JwtRules const& rules,
                                        Time now);

/// What a token says of itself before anything is verified: only to choose the keys to verify it with.
struct UnverifiedJwt {
    std::string issuer;  ///< may be empty
    std::string key_id;  ///< may be empty
};
/// unauthorized with the reason if it is no compact JWS with claims.
[[nodiscard]] Result<UnverifiedJwt> peek_jwt(std::string_view token);

}  // namespace ocilot::jose
