#include "auth/account_fingerprint.h"
#include "auth/federation.h"
#include "auth/htpasswd.h"
#include "auth/logins.h"
#include "auth/passwords.h"
#include "auth/resource.h"
#include "base/quote.h"
#include "jose/jwt.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>
#include <variant>

namespace ocilot::auth {

namespace {

using policy::Caller;
using policy::CallerKind;
using policy::Credentials;

constexpr std::chrono::minutes cached_for{5};
constexpr std::chrono::minutes gate_cached_for{1};
constexpr std::size_t longest_name = 256;

Error wrong() {
    return {Errc::unauthorized, "invalid user name or password"};
}

Error unknown() {
    return {Errc::not_found, "unknown user name"};
}

Error disabled() {
    return {Errc::unauthorized, "account disabled; contact the operator of this registry"};
}

}  // namespace

Task<Result<Logins::CheckedLogin>> Logins::check(Credentials credentials) {
    auto const [name, password, address, request] = credentials;
    if (is_signed(password)) co_return co_await check_federated_token(credentials);
    if (name.empty() || name.size() > longest_name || password.empty() ||
        password.size() > longest_password) {
        co_return wrong();
    }
    if (parts_.accounts != nullptr) {
        if (auto const id = secret_id(password)) co_return co_await check_secret(*id, credentials);
        auto found = co_await check_account(credentials);
        bool const is_wrong = found.has_error() && found.error().code == Errc::unauthorized;
        // As long as it takes for a name that only the file may know.
        if (is_wrong && parts_.htpasswd != nullptr)
            (void)co_await check_htpasswd({{}, password, address, request});
        if (found.has_value() || found.error().code != Errc::not_found) co_return found;
    }
    if (parts_.htpasswd != nullptr) {
        auto found = co_await check_htpasswd(credentials);
        if (found.has_value() || found.error().code != Errc::not_found) co_return found;
    }
    if (parts_.gate.asks(policy::Point::authenticate)) co_return co_await check_with_hook(credentials);
    co_return unknown();
}

Task<Result<bool>> Logins::matches(Credentials credentials, std::string hash) {
    CO_TRY(auto const place, co_await hash_queue_.enter(throttled_address(credentials.address)));
    counters_.hashes.add();
    auto work = [password = std::string(credentials.password), hash = std::move(hash)]() -> Result<bool> {
        return verify_password(password, hash);
    };
    co_return co_await parts_.pool.run(std::move(work));
}

Task<Result<Logins::CheckedLogin>> Logins::check_account(Credentials credentials) {
    auto const account = co_await parts_.accounts->account(std::string(credentials.name));
    if (account.has_error() && account.error().code != Errc::not_found) co_return account.error();
    bool const can_match = account.has_value() && !account->password_hash.empty();
    // An unknown name costs the same time.
    CO_TRY(bool const right,
           co_await matches(credentials, can_match ? account->password_hash : unknown_hash_));
    if (account.has_error()) co_return unknown();
    if (!can_match || !right) co_return wrong();
    if (account->disabled) co_return disabled();
    Login login{.caller = caller_of(*account), .account_fingerprint = account_fingerprint(*account)};
    co_return CheckedLogin{std::move(login), parts_.clock.now() + cached_for};
}

Task<Result<Logins::CheckedLogin>> Logins::check_secret(std::string id, Credentials credentials) {
    std::string const name(credentials.name);
    auto const token = co_await parts_.tokens->token(id);
    if (token.has_error() && token.error().code == Errc::not_found) co_return wrong();
    if (token.has_error()) co_return token.error();
    if (!equal_secrets(token->secret_hash, sha256_hex(credentials.password)) || token->account != name ||
        token->refresh) {
        co_return wrong();
    }
    auto const now = parts_.clock.now();
    if (token->expires_at && *token->expires_at <= now) {
        co_return Error{Errc::unauthorized,
                        fmt::format("token {} is expired; create another one", quote(id))};
    }
    auto const account = co_await parts_.accounts->account(name);
    if (account.has_error() && account.error().code == Errc::not_found) co_return wrong();
    if (account.has_error()) co_return account.error();
    if (account->disabled) co_return disabled();
    Login login{.caller = caller_of(*account), .account_fingerprint = account_fingerprint(*account)};
    CO_TRY(login.caller.limit, parse_robot_scopes(token->scopes));
    login.caller.owner_limit = login.caller.limit;
    login.caller.token = id;
    note_secret_use(id);
    Time until = now + cached_for;
    if (token->expires_at) until = std::min(until, *token->expires_at);
    co_return CheckedLogin{std::move(login), until};
}

Task<Result<Logins::CheckedLogin>> Logins::check_htpasswd(Credentials credentials) {
    auto& file = *parts_.htpasswd;
    CO_TRY(auto const place, co_await hash_queue_.enter(throttled_address(credentials.address)));
    counters_.hashes.add();
    auto work = [&file, name = std::string(credentials.name), password = std::string(credentials.password)] {
        return file.verify(name, password);
    };
    CO_TRY(auto fingerprint, co_await parts_.pool.run(std::move(work)));
    // Whether the file knows the name does not show: the next source is asked in either case.
    if (!fingerprint) co_return unknown();
    Login login;
    login.caller.name = credentials.name;
    login.caller.kind = CallerKind::user;
    login.htpasswd_fingerprint = std::move(*fingerprint);
    co_return CheckedLogin{std::move(login), parts_.clock.now() + cached_for};
}

Task<Result<Logins::CheckedLogin>> Logins::check_federated_token(Credentials credentials) {
    std::string const token(credentials.password);
    CO_TRY(auto const peeked, jose::peek_jwt(token));
    auto const queue = issuers_.find(peeked.issuer);
    if (queue == issuers_.end()) {
        co_return Error{Errc::unauthorized, "the issuer of the token is not configured in ocilot.oidc"};
    }
    CO_TRY(auto const place, co_await queue->second->enter(throttled_address(credentials.address)));
    auto const now = parts_.clock.now();
    CO_TRY(auto login, co_await parts_.federation->login(token, *parts_.issuers, now));
    Time const until = std::min(login.expires_at, Time(now + cached_for));
    parts_.log.info("token of a foreign issuer accepted", {{"issuer", login.issuer},
                                                           {"subject", login.subject.substr(0, longest_name)},
                                                           {"user", login.caller.name}});
    co_return CheckedLogin{{std::move(login.caller), login.expires_at}, until};
}

Task<Result<Logins::CheckedLogin>> Logins::check_with_hook(Credentials credentials) {
    CO_TRY(auto const place, co_await hook_queue_.enter(throttled_address(credentials.address)));
    CO_TRY(auto answer, co_await parts_.gate.authenticate(credentials));
    if (!answer) co_return unknown();
    auto const now = parts_.clock.now();
    if (auto* const caller = std::get_if<Caller>(&*answer)) {
        if (caller->anonymous()) co_return wrong();
        CO_CHECK(co_await no_account(*caller));
        co_return CheckedLogin{{std::move(*caller)}, now + gate_cached_for};
    }
    auto const& decision = std::get<policy::Decision>(*answer);
    co_return Error{Errc::unauthorized, decision.reason.empty() ? wrong().message : decision.reason};
}

Task<Result<>> Logins::no_account(Caller const& caller) {
    bool const like_one = caller.kind == CallerKind::user || caller.kind == CallerKind::robot;
    if (parts_.accounts == nullptr || !like_one) co_return Result<>{};
    auto const account = co_await parts_.accounts->account(caller.name);
    if (account.has_value()) co_return wrong();
    if (account.error().code != Errc::not_found) co_return account.error();
    co_return Result<>{};
}

}  // namespace ocilot::auth
