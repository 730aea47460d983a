#pragma once

#include "auth/guard.h"
#include "auth/hook_call_budget.h"
#include "auth/resource.h"
#include "auth/secrets.h"
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
    Login login;
    std::vector<Resource> scopes = {};
    bool offline = false;  ///< wants a refresh token too
    /// Id of the account's token that was shown; empty: something else was. What is issued ends with it.
    std::string secret = {};
    std::string refresh_token = {};         ///< the refresh token that was shown; empty: none was
    WaitingClient const* client = nullptr;  ///< who waits for it; null: does not leave
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

    /// A token for what the caller asks and may do, which can be nothing. A refresh token is only for users
    /// with an account who showed no secret of it: it would outlive that. A refresh token is never renewed:
    /// who shows one is given the same again, and a bearer token issued with it or for it ends with it.
    Task<Result<IssuedToken>> issue(TokenRequest request);
    /// Whose refresh token it is, and when it expires. unauthorized if it is unknown, expired, or the account
    /// is disabled, another one, or has another password by now.
    Task<Result<Login>> redeem(std::string refresh_token, std::string address);

  private:
    Task<Result<std::vector<Resource>>> allowed(TokenRequest const& request);
    Task<Result<policy::Rights>> allowed(HookCallBudget& hook_calls, policy::Caller const& caller,
                                         oci::RepositoryName const& repository, policy::Rights wanted);
    Task<Result<SecretText>> new_refresh_token(Login const& login);

    Parts parts_;
    TokenSettings settings_;
    Counter& issued_;
    Counter& issued_anonymous_;
    Counter& refreshed_;
};

}  // namespace ocilot::auth
