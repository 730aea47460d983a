#pragma once

#include "auth/file_version.h"
#include "base/log.h"
#include "jose/jwt.h"
#include "policy/caller.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::auth {

/// distribution's `auth.token`: tokens of a server elsewhere. Challenges are not its business.
struct TokenVerifierSettings {
    std::string issuer;
    std::string service;                          ///< the audience
    std::string rootcertbundle;                   ///< PEM file, may be empty
    std::string jwks;                             ///< JSON file, may be empty; one of the two is needed
    std::vector<std::string> signing_algorithms;  ///< empty: all
};

/// Who a verified token is of.
struct VerifiedToken {
    policy::Caller caller;  ///< always limited; without an address, which the caller of `verify` knows
    Time expires_at{};      ///< remember it no longer
};

/// Verifies tokens of an external token server with the keys of two files, which are read again when they
/// change (looked for at most once a second, when a token is verified). Thread-safe.
class TokenVerifier {
  public:
    /// config if a file cannot be read or holds no key, an algorithm is unknown, or neither file is named.
    static Result<std::unique_ptr<TokenVerifier>> load(TokenVerifierSettings settings, Clock const& clock,
                                                       Log const& log);

    /// unauthorized with a reason for the client. A few hundred microseconds: remember the answer.
    Result<VerifiedToken> verify(std::string_view token);
    /// Differs once the keys have changed: what was remembered of tokens no longer counts.
    std::uint64_t version();

  private:
    struct Versions {
        FileVersion rootcertbundle;
        FileVersion jwks;
        bool operator==(Versions const&) const = default;
    };

    TokenVerifier(TokenVerifierSettings settings, jose::JwtRules rules, Clock const& clock, Log const& log)
        : settings_(std::move(settings)), rules_(std::move(rules)), clock_(clock), log_(log) {}
    [[nodiscard]] Versions versions() const;
    [[nodiscard]] Result<std::shared_ptr<jose::PublicKeys const>> read() const;
    void reload_if_changed();
    std::shared_ptr<jose::PublicKeys const> keys();

    TokenVerifierSettings const settings_;
    jose::JwtRules const rules_;
    Clock const& clock_;
    Log const& log_;
    std::mutex mutex_;  // Guards what follows.
    Time checked_at_{};
    Versions loaded_version_{};
    std::uint64_t version_ = 0;
    std::shared_ptr<jose::PublicKeys const> keys_;
};

}  // namespace ocilot::auth
