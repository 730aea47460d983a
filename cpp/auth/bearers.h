#pragma once

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
    TokenVerifier* foreign = nullptr;
};

/// Who somebody is that shows a token. Remembers verified tokens until they expire, as long as keys and
/// accounts stay as they are; very long ones are verified each time. Thread-safe.
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
    };
    struct Counters {
        Counter& valid;
        Counter& invalid;
        Counter& hits;
        Counter& misses;
    };

    [[nodiscard]] Stamp stamp();
    /// Whose it is, before the account is looked at.
    struct Verified {
        Holder holder;
        Time expires_at{};
    };
    [[nodiscard]] Result<Verified> look_at(std::string const& token) const;
    /// What has become of the account since: rights that were taken are gone at once.
    Task<Result<>> look_at_account(policy::Caller& caller);
    /// What has become of the secret that it was got for.
    Task<Result<>> look_at_secret(Verified& verified);

    BearerParts parts_;
    jose::JwtRules rules_;
    Recent<Kept> kept_;
    Counters counters_;
};

}  // namespace ocilot::auth
