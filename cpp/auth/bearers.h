#pragma once

#include "auth/htpasswd.h"
#include "auth/own_claims.h"
#include "auth/recent.h"
#include "auth/signing_keys.h"
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
struct BearerParts {
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
class Bearers {
  public:
    explicit Bearers(BearerParts parts);

    /// The caller of a token that was verified lately; nullopt: it has to be verified.
    [[nodiscard]] std::optional<policy::Caller> recall(std::string_view token, std::string_view address);
    /// unauthorized with a reason that can be told as `invalid_token`.
    Task<Result<policy::Caller>> verify(std::string token, std::string address);

  private:
    struct Stamp {
        std::uint64_t keys = 0;
        std::uint64_t accounts = 0;
        friend bool operator==(Stamp const&, Stamp const&) = default;
    };
    struct Kept {
        policy::Caller caller;
        Time until{};
        Stamp stamp;
        std::uint64_t file = 0;  ///< version of the htpasswd file; 0: the holder is not a user of it
    };
    struct Counters {
        Counter& valid;
        Counter& invalid;
        Counter& hits;
        Counter& misses;
    };

    [[nodiscard]] Stamp stamp();
    [[nodiscard]] std::uint64_t file_version();
    /// Whose it is, before the account is looked at.
    struct Verified {
        Holder holder;
        Time expires_at{};
    };
    [[nodiscard]] Result<Verified> look_at(std::string const& token) const;
    /// What has become of what it was issued for.
    Task<Result<>> look_at_source(Verified& verified);
    /// What has become of the account since: rights that were taken are gone at once.
    Task<Result<>> look_at_account(Holder& holder);
    [[nodiscard]] Result<> look_at_file(Holder const& holder);
    /// What has become of the secret that it was got for.
    Task<Result<>> look_at_secret(Verified& verified);

    BearerParts parts_;
    jose::JwtRules rules_;
    Recent<Kept> kept_;
    Counters counters_;
};

}  // namespace ocilot::auth
