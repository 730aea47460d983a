#include "auth/token_server.h"

#include "auth/account_fingerprint.h"
#include "auth/logins.h"
#include "auth/token_claims.h"
#include "base/hex.h"
#include "meta/told_groups.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace ocilot::auth {

namespace {

using policy::Action;
using policy::Caller;
using policy::Rights;
using Right = Rights::Right;

struct Grantable {
    Right right;
    Action action;
};
// A push that may not move tags is `create`.
constexpr std::array grantable{Grantable{Right::pull, Action::pull}, Grantable{Right::push, Action::push},
                               Grantable{Right::create, Action::create},
                               Grantable{Right::remove, Action::remove}};

constexpr unsigned max_questions = 100;  // To hooks, for one token.

std::string random_id(Random& random) {
    std::array<std::byte, 16> bytes{};
    random.fill(bytes);
    std::string id;
    append_hex(id, bytes);
    return id;
}

/// What a refresh token says of the account that it was given to.
std::string note_of(std::string const& account_fingerprint) {
    return "login " + account_fingerprint;
}

Counter& tokens(Metrics& metrics, std::string_view caller) {
    return metrics.counter("ocilot_auth_tokens_issued_total", "Bearer tokens issued, by kind of caller.",
                           {{"caller", std::string(caller)}});
}

}  // namespace

TokenServer::TokenServer(Parts parts, TokenSettings settings)
    : parts_(parts),
      settings_(std::move(settings)),
      issued_(tokens(parts.metrics, "known")),
      issued_anonymous_(tokens(parts.metrics, "anonymous")),
      refreshed_(parts.metrics.counter("ocilot_auth_refresh_tokens_total", "Refresh tokens issued.")) {}

Task<Result<Rights>> TokenServer::allowed(HookCallBudget& hook_calls, Caller const& caller,
                                          oci::RepositoryName const& repository, Rights wanted) {
    Rights rights;
    for (auto const& [right, action] : grantable) {
        if (!wanted.allow(action) || rights.allow(action)) continue;
        policy::Access const access{repository, action};
        CO_TRY(auto const may, co_await hook_calls.may(caller, access));
        // What was not asked is not given: the client can ask for a token for it.
        if (may.value_or(false)) rights.add(right);
    }
    co_return rights;
}

Task<Result<std::vector<Resource>>> TokenServer::allowed(TokenRequest const& request) {
    auto const& caller = request.login.caller;
    HookCallBudget hook_calls(parts_.guard, request.client, max_questions);
    std::vector<Resource> given;
    std::map<std::string, Rights> repositories;  // Asked for twice, joined.
    for (auto const& one : request.scopes) {
        if (one.catalog() && (!caller.limit || caller.limit->covers_catalog())) {
            given.push_back(one);
        } else if (one.repository()) {
            repositories[one.name].add(one.rights);
        }
    }
    for (auto const& [text, rights] : repositories) {
        auto const name = oci::RepositoryName::parse(text);
        if (name.has_error()) continue;
        CO_TRY(auto const may, co_await allowed(hook_calls, caller, *name, rights));
        if (!may.empty()) given.push_back({"repository", text, may});
    }
    co_return given;
}

Task<Result<SecretText>> TokenServer::new_refresh_token(Login const& login) {
    auto secret = make_secret(parts_.random);
    auto const& caller = login.caller;
    meta::TokenFact fact;
    fact.id = secret.id;
    fact.account = caller.name;
    fact.secret_hash = sha256_hex(secret.text);
    fact.note = note_of(login.account_fingerprint);
    fact.refresh = true;
    fact.created_at = parts_.clock.now();
    fact.expires_at = fact.created_at + settings_.refresh_life;
    meta::Actor by;
    by.name = caller.name;
    by.kind = std::string(policy::to_string(caller.kind));
    by.address = caller.address;
    by.request = caller.request;
    by.http = caller.http;
    by.groups = meta::told_groups(caller.groups);
    CO_CHECK(co_await parts_.tokens.add(std::move(fact), std::move(by)));
    refreshed_.add();
    co_return secret;
}

Task<Result<IssuedToken>> TokenServer::issue(TokenRequest request) {
    auto const& login = request.login;
    auto const& caller = login.caller;
    IssuedToken issued;
    issued.life = settings_.life;
    issued.issued_at = parts_.clock.now();
    if (login.ends_at) {
        auto const left = std::chrono::floor<std::chrono::seconds>(*login.ends_at - issued.issued_at);
        issued.life = std::clamp(left, std::chrono::seconds(1), settings_.life);
    }
    CO_TRY(issued.access, co_await allowed(request));
    TokenPayload token{
        .service = settings_.service,
        .id = random_id(parts_.random),
        .subject = {caller, login.account_fingerprint, request.secret, login.htpasswd_fingerprint},
        .access = issued.access,
        .issued_at = issued.issued_at,
        .life = issued.life};
    bool const may_have_more = !login.account_fingerprint.empty() &&
                               caller.kind == policy::CallerKind::user && !caller.limit &&
                               request.secret.empty();
    if (request.offline && may_have_more) {
        CO_TRY(auto fresh, co_await new_refresh_token(login));
        issued.refresh_token = std::move(fresh.text);
        token.subject.secret = std::move(fresh.id);
    } else if (request.offline) {
        issued.refresh_token = std::move(request.refresh_token);
    }
    auto const keys = parts_.keys.current();
    if (keys->keys.empty())
        co_return Error{Errc::unavailable, "the token server has no signing key yet; retry in a few seconds"};
    CO_TRY(issued.token, keys->keys.front().key.sign(to_claims_json(token)));
    (caller.anonymous() ? issued_anonymous_ : issued_).add();
    co_return issued;
}

Task<Result<Login>> TokenServer::redeem(std::string refresh_token, std::string address) {
    Error const refused{Errc::unauthorized, "the refresh token is expired or revoked; log in again"};
    auto const id = secret_id(refresh_token);
    if (!id) co_return refused;
    auto const token = co_await parts_.tokens.token(*id);
    if (token.has_error() && token.error().code == Errc::not_found) co_return refused;
    if (token.has_error()) co_return token.error();
    bool const good = token->refresh && equal_secrets(token->secret_hash, sha256_hex(refresh_token)) &&
                      token->expires_at && *token->expires_at > parts_.clock.now();
    if (!good) co_return refused;
    auto const account = co_await parts_.accounts.account(token->account);
    if (account.has_error() && account.error().code == Errc::not_found) co_return refused;
    if (account.has_error()) co_return account.error();
    auto fingerprint = account_fingerprint(*account);
    if (account->disabled || token->note != note_of(fingerprint)) co_return refused;
    Login login{.caller = caller_of(*account),
                .ends_at = token->expires_at,
                .account_fingerprint = std::move(fingerprint)};
    login.caller.address = std::move(address);
    co_return login;
}

}  // namespace ocilot::auth
