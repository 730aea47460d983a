#pragma once

#include "auth/htpasswd.h"
#include "auth/lru_cache.h"
#include "auth/signing_keys.h"
#include "auth/token_claims.h"
#include "auth/token_verifier.h"
#include "base/blocking_pool.h"
#include "base/metrics.h"
#include "meta/accounts.h"
#include "meta/tokens.h"

#include <cstdint>
#include <optional>
#include <string>

namespace ocilot::auth {

/// Whose tokens are taken: our own (keys and accounts) or those of a server elsewhere (foreign).
struct BearerAuthenticatorParts {
    BlockingPool& pool;  ///< verifies there
    Clock const& clock;
    Metrics& metrics;
    std::string service = {};  ///< issuer and audience of our own tokens
    SigningKeys const* keys = nullptr;
    meta::Accounts* accounts = nullptr;
    meta::Tokens* tokens = nullptr;  ///< there if `accounts` is
    Htpasswd* htpasswd = nullptr;    ///< null: no users of a file
    TokenVerifier* foreign = nullptr;
};

/// Who somebody is that shows a token. What the token was issued for has to be there still: the account, with
/// the same password, its secret or refresh token, the line of the htpasswd file. Verified tokens are
/// remembered for a minute, as long as keys, accounts and that file stay as they are: what this process
/// changes is in force at once, what another one changes within a minute. Very long ones are verified each
/// time. Thread-safe.
class BearerAuthenticator {
  public:
    explicit BearerAuthenticator(BearerAuthenticatorParts parts);

    /// The caller of a token that was verified lately; nullopt: it has to be verified.
    [[nodiscard]] std::optional<policy::Caller> recall(std::string_view token, std::string_view address);
    /// unauthorized with a reason that can be told as `invalid_token`.
    Task<Result<policy::Caller>> verify(std::string token, std::string address);

  private:
    struct Versions {
        std::uint64_t keys = 0;
        std::uint64_t accounts = 0;
        friend bool operator==(Versions const&, Versions const&) = default;
    };
    struct CacheEntry {
        policy::Caller caller;
        Time until{};
        Versions versions;
        std::uint64_t file = 0;  ///< version of the htpasswd file; 0: the subject is not a user of it
    };
    struct Counters {
        Counter& valid;
        Counter& invalid;
        Counter& hits;
        Counter& misses;
    };

    [[nodiscard]] Versions versions();
    [[nodiscard]] std::uint64_t file_version();
    /// Whose it is, before the account is looked at.
    struct Verified {
        TokenSubject subject;
        Time expires_at{};
    };
    [[nodiscard]] Result<Verified> verify_token(std::string const& token) const;
    /// What has become of what it was issued for.
    Task<Result<>> check_source(Verified& verified);
    /// What has become of the account since: rights that were taken are gone at once.
    Task<Result<>> check_account(TokenSubject& subject);
    [[nodiscard]] Result<> check_htpasswd(TokenSubject const& subject);
    /// What has become of the secret that it was got for.
    Task<Result<>> check_secret(Verified& verified);

    BearerAuthenticatorParts parts_;
    jose::JwtRules rules_;
    LruCache<CacheEntry> cache_;
    Counters counters_;
};

}  // namespace ocilot::auth
