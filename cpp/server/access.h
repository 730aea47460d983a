#pragma once

#include "auth/bearer_authenticator.h"
#include "auth/federation.h"
#include "auth/guard.h"
#include "auth/htpasswd.h"
#include "auth/logins.h"
#include "auth/refusals.h"
#include "auth/signing_keys.h"
#include "auth/token_server.h"
#include "auth/token_verifier.h"
#include "base/blocking_pool.h"
#include "http/core/challenge.h"
#include "server/settings/auth.h"

#include <memory>
#include <optional>
#include <vector>

namespace ocilot::server {

/// Everything that decides who is let in, joined as the settings say. Of an open registry: a guard that lets
/// everybody in, and nothing else.
class AccessControl {
  public:
    struct Dependencies {
        policy::Gate& gate;
        Clock const& clock;
        Random& random;
        Log const& log;
        Metrics& metrics;
        meta::Accounts& accounts;
        meta::Tokens& tokens;
        meta::Keys& keys;
        auth::Refusals& refusals;
    };
    /// config with one clear sentence.
    static Result<std::unique_ptr<AccessControl>> open(AuthSettings settings, Dependencies dependencies);

    [[nodiscard]] auth::Guard& guard() noexcept { return *guard_; }
    /// Null where this registry gives out no tokens.
    [[nodiscard]] auth::TokenServer* tokens() noexcept { return tokens_ ? &*tokens_ : nullptr; }
    [[nodiscard]] http::ChallengeSettings const& challenge() const noexcept { return challenge_; }

    /// Puts other rules in force; config, and the old ones stay.
    Result<> reload(AccessSettings const& settings);
    void note_failed_reload(std::string_view reason);
    /// To be called once before anybody is served: reads the keys, and makes the first.
    Task<Result<>> prepare();
    /// Whether there are keys and tokens of its own, and so something for what follows to do.
    [[nodiscard]] bool has_tokens() const noexcept { return keys_.has_value(); }
    /// Reads the keys again, and makes a new one if the youngest is too old.
    Task<Result<std::size_t>> refresh_keys();
    /// Writes down when tokens were last used.
    Task<Result<std::size_t>> record_token_use();

  private:
    AccessControl(AuthSettings settings, Dependencies dependencies)
        : settings_(std::move(settings)),
          dependencies_(dependencies),
          reloads_(counter(dependencies.metrics, "ok")),
          failed_reloads_(counter(dependencies.metrics, "failed")) {}
    static Counter& counter(Metrics& metrics, std::string_view result);
    Result<> open_sources();
    void join();
    void set_challenge();

    AuthSettings const settings_;
    Dependencies dependencies_;
    Counter& reloads_;
    Counter& failed_reloads_;
    std::unique_ptr<BlockingPool> pool_;       // For hashes: they may not keep others from their files.
    std::unique_ptr<BlockingPool> verifying_;  // For tokens: a flood of passwords may not keep them waiting.
    std::unique_ptr<auth::Htpasswd> htpasswd_;
    std::unique_ptr<auth::TokenVerifier> foreign_;
    std::optional<auth::Federation> federation_;
    std::unique_ptr<auth::KeySource> issuers_;  // Keys of those that the federation believes.
    std::optional<auth::SigningKeys> keys_;
    std::optional<auth::Logins> logins_;
    std::optional<auth::BearerAuthenticator> bearers_;
    std::optional<auth::Guard> guard_;
    std::optional<auth::TokenServer> tokens_;
    http::ChallengeSettings challenge_;
};

}  // namespace ocilot::server
