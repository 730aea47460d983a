#pragma once

#include "auth/guard.h"
#include "auth/resource.h"
#include "auth/signing_keys.h"
#include "base/random.h"
#include "meta/accounts.h"
#include "meta/tokens.h"

#include <chrono>
#include <string>
#include <vector>

namespace ocilot::auth {

/// How tokens are made (`ocilot.accounts`).
struct TokenSettings {
    std::string service = "ocilot";  ///< issuer and audience
    std::chrono::seconds life{300};
    std::chrono::seconds refresh_life{720 * 3600};
};

/// What somebody who is known by now asks of the token server.
struct TokenRequest {
    policy::Caller caller;
    std::vector<Resource> scopes = {};
    bool offline = false;  ///< wants a refresh token too
    /// Id of the account's secret that was shown; empty: something else was. What it buys ends with it.
    std::string secret = {};
};

/// What the token server gives.
struct IssuedToken {
    std::string token;
    std::vector<Resource> access;
    std::chrono::seconds life{};
    Time issued_at{};
    std::string refresh_token = {};  ///< empty: none was asked for, or the caller gets none
};

/// Gives out bearer tokens (distribution's docs/spec/auth/token and oauth). Thread-safe.
class TokenServer {
  public:
    struct Parts {
        Guard& guard;
        SigningKeys& keys;
        meta::Accounts& accounts;
        meta::Tokens& tokens;
        Clock const& clock;
        Random& random;
        Metrics& metrics;
    };
    TokenServer(Parts parts, TokenSettings settings);

    [[nodiscard]] TokenSettings const& settings() const noexcept { return settings_; }
    [[nodiscard]] SigningKeys& keys() noexcept { return parts_.keys; }

    /// A token for what the caller asks and may do, which can be nothing. A refresh token is only for people
    /// with an account who showed no secret of it: it would outlive that.
    Task<Result<IssuedToken>> issue(TokenRequest request);
    /// Whose refresh token it is. unauthorized if it is unknown, expired, or the account is disabled or has
    /// another password by now.
    Task<Result<policy::Caller>> redeem(std::string refresh_token, std::string address);

  private:
    Task<Result<std::vector<Resource>>> allowed(policy::Caller const& caller,
                                                std::vector<Resource> const& wanted);
    Task<Result<policy::Rights>> allowed(policy::Caller const& caller, oci::RepositoryName const& repository,
                                         policy::Rights wanted);
    Task<Result<std::string>> refresh_token(policy::Caller const& caller, meta::AccountFact const& account);

    Parts parts_;
    TokenSettings settings_;
    Counter& issued_;
    Counter& issued_anonymous_;
    Counter& refreshed_;
};

}  // namespace ocilot::auth
