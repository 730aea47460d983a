#include "auth/token_verifier.h"

#include "auth/access_claim.h"
#include "base/read_file.h"

namespace ocilot::auth {

namespace {

constexpr std::size_t largest_file = 1 << 20;  // bytes
constexpr std::chrono::seconds between_looks{1};

Error in_file(std::string_view setting, std::string const& path, Error const& problem) {
    return {Errc::config,
            std::string(setting).append(": ").append(path).append(": ").append(problem.message)};
}

}  // namespace

Result<std::unique_ptr<TokenVerifier>> TokenVerifier::load(TokenVerifierSettings settings, Clock const& clock,
                                                           Log const& log) {
    if (settings.issuer.empty() || settings.service.empty())
        return Error{Errc::config, "auth.token needs issuer and service: set the values of the token server"};
    if (settings.rootcertbundle.empty() && settings.jwks.empty())
        return Error{Errc::config, "auth.token needs keys that verify tokens: set rootcertbundle or jwks"};
    TRY(auto algorithms, jose::allowed_algorithms(settings.signing_algorithms));
    jose::JwtRules rules{settings.issuer, settings.service, std::move(algorithms)};
    std::unique_ptr<TokenVerifier> verifier(
        new TokenVerifier(std::move(settings), std::move(rules), clock, log));
    verifier->checked_at_ = clock.now();
    verifier->loaded_version_ = verifier->versions();
    TRY(verifier->keys_, verifier->read());
    return verifier;
}

TokenVerifier::Versions TokenVerifier::versions() const {
    return {file_version(settings_.rootcertbundle), file_version(settings_.jwks)};
}

Result<std::shared_ptr<jose::PublicKeys const>> TokenVerifier::read() const {
    auto keys = std::make_shared<jose::PublicKeys>();
    if (auto const& path = settings_.rootcertbundle; !path.empty()) {
        TRY(auto const text, read_file(path, largest_file));
        auto const added = keys->add_pem(text);
        if (added.has_error()) return in_file("auth.token.rootcertbundle", path, added.error());
    }
    if (auto const& path = settings_.jwks; !path.empty()) {
        TRY(auto const text, read_file(path, largest_file));
        auto const added = keys->add_jwks(text);
        if (added.has_error()) return in_file("auth.token.jwks", path, added.error());
    }
    for (auto const& why : keys->passed_over()) log_.warn("token key skipped", {{"why", why}});
    return std::shared_ptr<jose::PublicKeys const>(std::move(keys));
}

std::shared_ptr<jose::PublicKeys const> TokenVerifier::keys() {
    std::lock_guard const lock(mutex_);
    reload_if_changed();
    return keys_;
}

void TokenVerifier::reload_if_changed() {
    auto const now = clock_.now();
    // A clock that was set back must not stop it.
    if (now >= checked_at_ && now < checked_at_ + between_looks) return;
    checked_at_ = now;
    auto const there = versions();
    if (there == loaded_version_) return;
    // Noted before reading: a file that changes meanwhile differs from it and is read again next time.
    loaded_version_ = there;
    auto fresh = read();
    if (fresh.has_error()) {
        log_.error("token keys not reloaded", {{"err", fresh.error().message}});
        return;
    }
    keys_ = std::move(*fresh);
    ++version_;
    log_.info("token keys reloaded", {{"keys", keys_->size()}});
}

Result<VerifiedToken> TokenVerifier::verify(std::string_view token) {
    auto const trusted = keys();
    TRY(auto const claims, jose::verify_jwt(token, *trusted, rules_, clock_.now()));
    VerifiedToken verified;
    verified.caller.name = claims.subject;
    verified.caller.kind = claims.subject.empty() ? policy::CallerKind::anonymous : policy::CallerKind::user;
    TRY(auto const access, access_claim(claims));
    verified.caller.limit = credential_scope(access);
    verified.expires_at = claims.expires_at + rules_.leeway;
    return verified;
}

std::uint64_t TokenVerifier::version() {
    std::lock_guard const lock(mutex_);
    reload_if_changed();
    return version_;
}

}  // namespace ocilot::auth
