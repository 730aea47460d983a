#include "auth/bearer_authenticator.h"

#include "auth/account_fingerprint.h"
#include "auth/secrets.h"

#include <algorithm>
#include <utility>

namespace ocilot::auth {

namespace {

using policy::Caller;

// Together they bound the memory of somebody who gets as many tokens as they can.
constexpr std::size_t max_cached = 8'192;
constexpr std::size_t longest_cached = 4'096;
constexpr std::chrono::minutes cached_for{1};  // Other processes may remove what it was issued for.

Counter& tokens(Metrics& metrics, std::string_view result) {
    return metrics.counter("ocilot_auth_tokens_total", "Bearer tokens verified, by result.",
                           {{"result", std::string(result)}});
}

Counter& cache(Metrics& metrics, std::string_view result) {
    return metrics.counter("ocilot_auth_cache_total", "Cache lookups, by result.",
                           {{"cache", "token"}, {"result", std::string(result)}});
}

}  // namespace

BearerAuthenticator::BearerAuthenticator(BearerAuthenticatorParts parts)
    : parts_(std::move(parts)),
      rules_{.issuer = parts_.service,
             .audience = parts_.service,
             .algorithms = {jose::SigningAlgorithm::es256}},
      cache_(max_cached),
      counters_{tokens(parts_.metrics, "valid"), tokens(parts_.metrics, "invalid"),
                cache(parts_.metrics, "hit"), cache(parts_.metrics, "miss")} {}

BearerAuthenticator::Versions BearerAuthenticator::versions() {
    if (parts_.foreign != nullptr) return {parts_.foreign->version(), 0};
    auto const keys = parts_.keys == nullptr ? 0 : parts_.keys->current()->version;
    return {keys, parts_.accounts == nullptr ? 0 : parts_.accounts->version()};
}

std::optional<Caller> BearerAuthenticator::recall(std::string_view token, std::string_view address) {
    if (token.empty() || token.size() > longest_cached) return std::nullopt;
    auto cached = cache_.find(token);
    bool const good = cached && cached->until > parts_.clock.now() && cached->versions == versions() &&
                      (cached->file == 0 || cached->file == file_version());
    if (!good) {
        counters_.misses.add();
        return std::nullopt;
    }
    counters_.hits.add();
    cached->caller.address = address;
    return std::move(cached->caller);
}

Result<BearerAuthenticator::Verified> BearerAuthenticator::verify_token(std::string const& token) const {
    if (parts_.foreign != nullptr) {
        TRY(auto verified, parts_.foreign->verify(token));
        return Verified{{std::move(verified.caller)}, verified.expires_at};
    }
    if (parts_.keys == nullptr) {
        return Error{Errc::unauthorized,
                     "bearer tokens are not accepted; log in with user name and password"};
    }
    auto const keys = parts_.keys->current();
    TRY(auto const claims, jose::verify_jwt(token, keys->verifiers, rules_, parts_.clock.now()));
    TRY(auto subject, parse_token_claims(claims));
    return Verified{std::move(subject), claims.expires_at};
}

std::uint64_t BearerAuthenticator::file_version() {
    auto const version = parts_.htpasswd->version();
    return version.has_value() ? *version : 0;
}

Task<Result<>> BearerAuthenticator::check_source(Verified& verified) {
    auto& subject = verified.subject;
    auto const kind = subject.caller.kind;
    bool const may_have_account = kind == policy::CallerKind::user || kind == policy::CallerKind::robot;
    if (may_have_account && parts_.accounts != nullptr) {
        CO_CHECK(co_await check_account(subject));
    }
    if (!subject.secret.empty() && parts_.tokens != nullptr) {
        CO_CHECK(co_await check_secret(verified));
    }
    co_return check_htpasswd(subject);
}

Result<> BearerAuthenticator::check_htpasswd(TokenSubject const& subject) {
    if (subject.htpasswd_fingerprint.empty()) return {};
    Error const gone{
        Errc::unauthorized,
        "the user of the token was removed from the htpasswd file or has a new password; log in again"};
    if (parts_.htpasswd == nullptr) return gone;
    TRY(auto const fingerprint, parts_.htpasswd->fingerprint(subject.caller.name));
    if (!fingerprint || !equal_secrets(*fingerprint, subject.htpasswd_fingerprint)) return gone;
    return {};
}

Task<Result<>> BearerAuthenticator::check_account(TokenSubject& subject) {
    auto& caller = subject.caller;
    auto const account = co_await parts_.accounts->account(caller.name);
    bool const is_there = account.has_value();
    if (!is_there && account.error().code != Errc::not_found) co_return account.error();
    if (!is_there && subject.account.empty()) co_return Result<>{};
    // One of another source is not the account that has its name by now.
    bool const same = is_there && !account->disabled && account_fingerprint(*account) == subject.account;
    if (!same) {
        co_return Error{
            Errc::unauthorized,
            "the account of the token was removed or disabled or has a new password; log in again"};
    }
    caller.groups = account->groups;
    caller.admin = account->admin;
    co_return Result<>{};
}

Task<Result<>> BearerAuthenticator::check_secret(Verified& verified) {
    auto const secret = co_await parts_.tokens->token(verified.subject.secret);
    if (secret.has_error() && secret.error().code != Errc::not_found) co_return secret.error();
    bool const good = secret.has_value() && secret->account == verified.subject.caller.name &&
                      (!secret->expires_at || *secret->expires_at > parts_.clock.now());
    if (!good)
        co_return Error{
            Errc::unauthorized,
            "the token that this bearer token was issued for is revoked or expired; log in again"};
    CO_TRY(verified.subject.caller.owner_limit, parse_robot_scopes(secret->scopes));
    if (!secret->refresh) verified.subject.caller.token = secret->id;
    if (secret->expires_at) verified.expires_at = std::min(verified.expires_at, *secret->expires_at);
    co_return Result<>{};
}

Task<Result<Caller>> BearerAuthenticator::verify(std::string token, std::string address) {
    if (auto recalled = recall(token, address)) co_return std::move(*recalled);
    auto const before = versions();
    auto work = [this, token] { return verify_token(token); };
    auto verified = co_await parts_.pool.run(std::move(work));
    if (verified.has_error()) {
        if (verified.error().code == Errc::unauthorized) counters_.invalid.add();
        co_return std::move(verified).error();
    }
    auto const& subject = verified->subject;
    auto const file = subject.htpasswd_fingerprint.empty() || parts_.htpasswd == nullptr ? 0 : file_version();
    auto const checked = co_await check_source(*verified);
    if (checked.has_error()) {
        if (checked.error().code == Errc::unauthorized) counters_.invalid.add();
        co_return checked.error();
    }
    counters_.valid.add();
    auto& caller = verified->subject.caller;
    if (token.size() <= longest_cached) {
        auto const until = std::min(verified->expires_at, Time(parts_.clock.now() + cached_for));
        cache_.put(token, {caller, until, before, file});
    }
    caller.address = std::move(address);
    co_return std::move(caller);
}

}  // namespace ocilot::auth
