#include "auth/bearers.h"

#include "auth/account_mark.h"
#include "auth/secrets.h"

#include <algorithm>
#include <utility>

namespace ocilot::auth {

namespace {

using policy::Caller;

// Together they bound the memory of somebody who gets as many tokens as they can.
constexpr std::size_t most_kept = 8'192;
constexpr std::size_t longest_kept = 4'096;
constexpr std::chrono::minutes kept_for{1};  // Other processes may remove what it was issued for.

Counter& tokens(Metrics& metrics, std::string_view result) {
    return metrics.counter("ocilot_auth_tokens_total",
                           "Bearer tokens that were verified, by what came of it.",
                           {{"result", std::string(result)}});
}

Counter& cache(Metrics& metrics, std::string_view result) {
    return metrics.counter("ocilot_auth_cache_total", "Answers asked for, by whether memory had them.",
                           {{"cache", "token"}, {"result", std::string(result)}});
}

}  // namespace

Bearers::Bearers(BearerParts parts)
    : parts_(std::move(parts)),
      rules_{.issuer = parts_.service,
             .audience = parts_.service,
             .algorithms = {jose::SigningAlgorithm::es256}},
      kept_(most_kept),
      counters_{tokens(parts_.metrics, "valid"), tokens(parts_.metrics, "invalid"),
                cache(parts_.metrics, "hit"), cache(parts_.metrics, "miss")} {}

Bearers::Stamp Bearers::stamp() {
    if (parts_.foreign != nullptr) return {parts_.foreign->version(), 0};
    auto const keys = parts_.keys == nullptr ? 0 : parts_.keys->current()->version;
    return {keys, parts_.accounts == nullptr ? 0 : parts_.accounts->version()};
}

std::optional<Caller> Bearers::recall(std::string_view token, std::string_view address) {
    if (token.empty() || token.size() > longest_kept) return std::nullopt;
    auto kept = kept_.find(token);
    bool const good = kept && kept->until > parts_.clock.now() && kept->stamp == stamp() &&
                      (kept->file == 0 || kept->file == file_version());
    if (!good) {
        counters_.misses.add();
        return std::nullopt;
    }
    counters_.hits.add();
    kept->caller.address = address;
    return std::move(kept->caller);
}

Result<Bearers::Verified> Bearers::look_at(std::string const& token) const {
    if (parts_.foreign != nullptr) {
        TRY(auto verified, parts_.foreign->verify(token));
        return Verified{{std::move(verified.caller)}, verified.expires_at};
    }
    if (parts_.keys == nullptr) {
        return Error{Errc::unauthorized,
                     "this registry takes no bearer tokens; log in with name and password"};
    }
    auto const keys = parts_.keys->current();
    TRY(auto const claims, jose::verify_jwt(token, keys->verifiers, rules_, parts_.clock.now()));
    TRY(auto holder, holder_of(claims));
    return Verified{std::move(holder), claims.expires_at};
}

std::uint64_t Bearers::file_version() {
    auto const version = parts_.htpasswd->version();
    return version.has_value() ? *version : 0;
}

Task<Result<>> Bearers::look_at_source(Verified& verified) {
    auto& holder = verified.holder;
    auto const kind = holder.caller.kind;
    bool const may_have_account = kind == policy::CallerKind::user || kind == policy::CallerKind::robot;
    if (may_have_account && parts_.accounts != nullptr) {
        CO_CHECK(co_await look_at_account(holder));
    }
    if (!holder.secret.empty() && parts_.tokens != nullptr) {
        CO_CHECK(co_await look_at_secret(verified));
    }
    co_return look_at_file(holder);
}

Result<> Bearers::look_at_file(Holder const& holder) {
    if (holder.file_mark.empty()) return {};
    Error const gone{Errc::unauthorized,
                     "the user of the token is no longer in the htpasswd file or has another password"};
    if (parts_.htpasswd == nullptr) return gone;
    TRY(auto const mark, parts_.htpasswd->mark(holder.caller.name));
    if (!mark || !equal_secrets(*mark, holder.file_mark)) return gone;
    return {};
}

Task<Result<>> Bearers::look_at_account(Holder& holder) {
    auto& caller = holder.caller;
    auto const account = co_await parts_.accounts->account(caller.name);
    bool const is_there = account.has_value();
    if (!is_there && account.error().code != Errc::not_found) co_return account.error();
    if (!is_there && holder.account.empty()) co_return Result<>{};
    // One of another source is not the account that has its name by now.
    bool const same = is_there && !account->disabled && account_mark(*account) == holder.account;
    if (!same) {
        co_return Error{Errc::unauthorized,
                        "the account of the token was removed, disabled or has another password"};
    }
    caller.groups = account->groups;
    caller.admin = account->admin;
    co_return Result<>{};
}

Task<Result<>> Bearers::look_at_secret(Verified& verified) {
    auto const secret = co_await parts_.tokens->token(verified.holder.secret);
    if (secret.has_error() && secret.error().code != Errc::not_found) co_return secret.error();
    bool const good = secret.has_value() && secret->account == verified.holder.caller.name &&
                      (!secret->expires_at || *secret->expires_at > parts_.clock.now());
    if (!good)
        co_return Error{Errc::unauthorized,
                        "the token that this one was issued for was revoked or has expired"};
    CO_TRY(verified.holder.caller.owner_limit, parse_robot_scopes(secret->scopes));
    if (secret->expires_at) verified.expires_at = std::min(verified.expires_at, *secret->expires_at);
    co_return Result<>{};
}

Task<Result<Caller>> Bearers::verify(std::string token, std::string address) {
    if (auto recalled = recall(token, address)) co_return std::move(*recalled);
    auto const before = stamp();
    auto work = [this, token] { return look_at(token); };
    auto verified = co_await parts_.pool.run(std::move(work));
    if (verified.has_error()) {
        if (verified.error().code == Errc::unauthorized) counters_.invalid.add();
        co_return std::move(verified).error();
    }
    auto const& holder = verified->holder;
    auto const file = holder.file_mark.empty() || parts_.htpasswd == nullptr ? 0 : file_version();
    auto const looked_at = co_await look_at_source(*verified);
    if (looked_at.has_error()) {
        if (looked_at.error().code == Errc::unauthorized) counters_.invalid.add();
        co_return looked_at.error();
    }
    counters_.valid.add();
    auto& caller = verified->holder.caller;
    if (token.size() <= longest_kept) {
        auto const until = std::min(verified->expires_at, Time(parts_.clock.now() + kept_for));
        kept_.put(token, {caller, until, before, file});
    }
    caller.address = std::move(address);
    co_return std::move(caller);
}

}  // namespace ocilot::auth
