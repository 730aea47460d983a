#include "auth/token_server.h"

#include "auth/logins.h"
#include "auth/own_claims.h"
#include "auth/secrets.h"
#include "base/hex.h"

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
constexpr std::array grantable{
    Grantable{Right::pull, Action::pull}, Grantable{Right::push, Action::overwrite},
    Grantable{Right::create, Action::push}, Grantable{Right::remove, Action::remove}};

std::string random_id(Random& random) {
    std::array<std::byte, 16> bytes{};
    random.fill(bytes);
    std::string id;
    append_hex(id, bytes);
    return id;
}

/// Changes with the password, and tells nothing about it.
std::string fingerprint(meta::AccountFact const& account) {
    return "login " + sha256_hex(account.password_hash).substr(0, 16);
}

Counter& tokens(Metrics& metrics, std::string_view caller) {
    return metrics.counter("ocilot_auth_tokens_issued_total",
                           "Bearer tokens given out, by whom they are for.",
                           {{"caller", std::string(caller)}});
}

}  // namespace

TokenServer::TokenServer(Parts parts, TokenSettings settings)
    : parts_(parts),
      settings_(std::move(settings)),
      issued_(tokens(parts.metrics, "known")),
      issued_anonymous_(tokens(parts.metrics, "anonymous")),
      refreshed_(parts.metrics.counter("ocilot_auth_refresh_tokens_total", "Refresh tokens given out.")) {}

Task<Result<Rights>> TokenServer::allowed(Caller const& caller, oci::RepositoryName const& repository,
                                          Rights wanted) {
    Rights rights;
    for (auto const& [right, action] : grantable) {
        if (!wanted.allow(action) || rights.allow(action)) continue;
        policy::Access const access{repository, action};
        CO_TRY(bool const may, co_await parts_.guard.may(caller, access));
        if (may) rights.add(right);
    }
    co_return rights;
}

Task<Result<std::vector<Resource>>> TokenServer::allowed(Caller const& caller,
                                                         std::vector<Resource> const& wanted) {
    std::vector<Resource> given;
    std::map<std::string, Rights> repositories;  // Asked for twice, joined.
    for (auto const& one : wanted) {
        if (one.catalog() && (!caller.limit || caller.limit->covers_catalog())) {
            given.push_back(one);
        } else if (one.repository()) {
            repositories[one.name].add(one.rights);
        }
    }
    for (auto const& [text, rights] : repositories) {
        auto const name = oci::RepositoryName::parse(text);
        if (name.has_error()) continue;
        CO_TRY(auto const may, co_await allowed(caller, *name, rights));
        if (!may.empty()) given.push_back({"repository", text, may});
    }
    co_return given;
}

Task<Result<std::string>> TokenServer::refresh_token(Caller const& caller, meta::AccountFact const& account) {
    auto secret = make_secret(parts_.random);
    meta::TokenFact fact;
    fact.id = secret.id;
    fact.account = account.name;
    fact.secret_hash = sha256_hex(secret.text);
    fact.note = fingerprint(account);
    fact.refresh = true;
    fact.created_at = parts_.clock.now();
    fact.expires_at = fact.created_at + settings_.refresh_life;
    meta::Actor by;
    by.name = caller.name;
    by.kind = std::string(policy::to_string(caller.kind));
    by.address = caller.address;
    by.request = caller.request;
    CO_CHECK(co_await parts_.tokens.add(std::move(fact), std::move(by)));
    refreshed_.add();
    co_return std::move(secret.text);
}

Task<Result<IssuedToken>> TokenServer::issue(TokenRequest request) {
    auto const& caller = request.caller;
    IssuedToken issued;
    issued.life = settings_.life;
    issued.issued_at = parts_.clock.now();
    CO_TRY(issued.access, co_await allowed(caller, request.scopes));
    OwnToken token{.service = settings_.service,
                   .id = random_id(parts_.random),
                   .holder = {caller, false, request.secret},
                   .access = issued.access,
                   .issued_at = issued.issued_at,
                   .life = settings_.life};
    bool const may_have_account =
        caller.kind == policy::CallerKind::user || caller.kind == policy::CallerKind::robot;
    if (may_have_account) {
        auto const account = co_await parts_.accounts.account(caller.name);
        if (account.has_error() && account.error().code != Errc::not_found) co_return account.error();
        token.holder.has_account = account.has_value();
        bool const may_have_more =
            account.has_value() && !account->robot && !caller.limit && request.secret.empty();
        if (request.offline && may_have_more) {
            CO_TRY(issued.refresh_token, co_await refresh_token(caller, *account));
        }
    }
    auto const keys = parts_.keys.current();
    if (keys->keys.empty()) co_return Error{Errc::unavailable, "the token server has no key yet"};
    CO_TRY(issued.token, keys->keys.front().key.sign(claims_of(token)));
    (caller.anonymous() ? issued_anonymous_ : issued_).add();
    co_return issued;
}

Task<Result<Caller>> TokenServer::redeem(std::string refresh_token, std::string address) {
    Error const refused{Errc::unauthorized, "the refresh token is not good any more; log in again"};
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
    if (account->disabled || token->note != fingerprint(*account)) co_return refused;
    auto caller = caller_of(*account);
    caller.address = std::move(address);
    co_return caller;
}

}  // namespace ocilot::auth
