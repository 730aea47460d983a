#include "auth/logins.h"

#include "auth/federation.h"
#include "auth/htpasswd.h"
#include "auth/passwords.h"
#include "auth/refusals.h"
#include "auth/resource.h"
#include "base/quote.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>
#include <variant>

namespace ocilot::auth {

namespace {

using policy::Caller;
using policy::CallerKind;

constexpr std::chrono::minutes kept_for{5};
constexpr std::chrono::minutes gate_kept_for{1};
constexpr std::size_t most_kept = 8192;
constexpr unsigned most_under_way = 64;      // Passwords being hashed or waiting for it.
constexpr std::size_t most_noted = 100'000;  // Secrets used since the last note.
constexpr std::size_t longest_name = 256;

/// Whether it looks like a token of a foreign issuer (RFC 7515 §7.1): no password begins like a JSON object.
bool is_jwt(std::string_view text) noexcept {
    return text.starts_with("eyJ") && std::ranges::count(text, '.') == 2;
}

Error wrong() {
    return {Errc::unauthorized, "wrong user name or password"};
}

Error unknown() {
    return {Errc::not_found, "nobody here knows the name"};
}

Counter& logins(Metrics& metrics, std::string_view result) {
    return metrics.counter("ocilot_auth_logins_total",
                           "Passwords and secrets that were checked, by what came of it.",
                           {{"result", std::string(result)}});
}

/// Tells, by count and not by time, that unknown names cost what known ones cost.
Counter& hashes(Metrics& metrics) {
    return metrics.counter("ocilot_auth_password_hashes_total",
                           "Passwords that were hashed to be compared, those of unknown names too.");
}

Counter& cache(Metrics& metrics, std::string_view result) {
    return metrics.counter("ocilot_auth_cache_total", "Answers asked for, by whether memory had them.",
                           {{"cache", "password"}, {"result", std::string(result)}});
}

}  // namespace

/// A try of a password; if nothing comes of it, it does not count.
class Logins::Try {
  public:
    Try(Logins& logins, std::string const& name, std::string const& address)
        : logins_(logins), name_(name), address_(address) {
        logins_.under_way_.fetch_add(1);
    }
    ~Try() {
        logins_.under_way_.fetch_sub(1);
        if (!over_) logins_.throttle_.came_to_nothing(name_, address_);
    }
    Try(Try const&) = delete;
    Try& operator=(Try const&) = delete;

    void right() {
        over_ = true;
        logins_.throttle_.succeeded(name_, address_);
    }
    void wrong() noexcept { over_ = true; }

  private:
    Logins& logins_;
    std::string const& name_;
    std::string const& address_;
    bool over_ = false;
};

Caller caller_of(meta::AccountFact const& account) {
    Caller caller;
    caller.name = account.name;
    caller.groups = account.groups;
    caller.kind = account.robot ? CallerKind::robot : CallerKind::user;
    caller.admin = account.admin;
    return caller;
}

Logins::Logins(LoginParts parts)
    : parts_(parts),
      hash_(parts.random),
      throttle_(parts.throttle),
      kept_(most_kept),
      counters_{logins(parts.metrics, "right"),
                logins(parts.metrics, "wrong"),
                logins(parts.metrics, "throttled"),
                logins(parts.metrics, "failed"),
                cache(parts.metrics, "hit"),
                cache(parts.metrics, "miss"),
                hashes(parts.metrics)},
      unknown_hash_(unknown_user_hash({})) {}

Result<Logins::Stamp> Logins::stamp() {
    Stamp stamp{.gate = parts_.gate.generation()};
    if (parts_.accounts != nullptr) stamp.accounts = parts_.accounts->version();
    if (parts_.htpasswd != nullptr) {
        TRY(stamp.file, parts_.htpasswd->version());
    }
    return stamp;
}

std::optional<Caller> Logins::recall(policy::Credentials const& credentials) {
    auto const kept = kept_.find(hash_(credentials.name, credentials.password));
    auto const now = stamp();
    if (!kept || now.has_error() || kept->stamp != *now || kept->until <= parts_.clock.now()) {
        counters_.misses.add();
        return std::nullopt;
    }
    counters_.hits.add();
    if (!kept->token.empty()) used(kept->token);
    auto caller = kept->caller;
    caller.address = credentials.address;
    return caller;
}

Task<Result<Caller>> Logins::login(std::string name, std::string password, std::string address) {
    if (auto recalled = recall({name, password, address})) co_return std::move(*recalled);
    // Clients log in on many connections at once: one is checked, and the others have its answer.
    auto const turn = co_await turns_.take(hash_(name, password));
    if (turn.waited()) {
        if (auto recalled = recall({name, password, address})) co_return std::move(*recalled);
    }
    if (under_way_.load() >= most_under_way) {
        co_return Error{Errc::too_many_requests, "many people log in at once; try again in a moment", {}, 1};
    }
    auto const now = parts_.clock.now();
    auto const counted_for = guessed(name, password);
    auto const wait = throttle_.begin(counted_for, address, now);
    if (wait.count() > 0) co_return throttled(name, address, wait);
    Try attempt(*this, counted_for, address);
    CO_TRY(auto const before, stamp());
    auto found = co_await check(name, password, address);
    if (found.has_error() && found.error().code == Errc::not_found) found = wrong();
    note(found, name, address);
    if (found.has_error()) {
        if (found.error().code == Errc::unauthorized) attempt.wrong();
        co_return std::move(found).error();
    }
    attempt.right();
    auto const id = secret_id(password);
    kept_.put(hash_(name, password), {found->caller, found->until, before, id.value_or(std::string())});
    found->caller.address = address;
    co_return std::move(found->caller);
}

/// Nobody guesses a signature or a secret. They are counted each by itself, so that whoever tries wrong ones
/// for a robot's name does not keep the robot out.
std::string Logins::guessed(std::string const& name, std::string const& password) const {
    bool const is_signed = parts_.federation != nullptr && is_jwt(password);
    bool const is_secret = parts_.accounts != nullptr && secret_id(password).has_value();
    return is_signed || is_secret ? hash_(name, password) : name.substr(0, longest_name);
}

Error Logins::throttled(std::string const& name, std::string const& address, std::chrono::seconds wait) {
    counters_.throttled.add();
    policy::Caller caller;
    caller.name = name;
    caller.kind = CallerKind::user;
    caller.address = address;
    if (parts_.refusals != nullptr)
        parts_.refusals->note(meta::ChangeKind::login, caller, {}, {}, "too many wrong passwords");
    return {Errc::too_many_requests,
            fmt::format("too many wrong passwords from your address; try again in {} s", wait.count()),
            {},
            static_cast<unsigned>(wait.count())};
}

void Logins::note(Result<Found> const& found, std::string const& name, std::string const& address) {
    if (found.has_value()) {
        counters_.right.add();
        return;
    }
    policy::Caller caller;
    caller.name = name;
    caller.kind = CallerKind::user;
    caller.address = address;
    if (parts_.refusals != nullptr)
        parts_.refusals->note(meta::ChangeKind::login, caller, {}, {}, found.error().message);
    bool const is_wrong = found.error().code == Errc::unauthorized;
    (is_wrong ? counters_.wrong : counters_.failed).add();
    parts_.log.write(
        is_wrong ? LogLevel::info : LogLevel::warn, is_wrong ? "login refused" : "login could not be checked",
        {{"user", name.substr(0, longest_name)}, {"peer", address}, {"err", found.error().message}});
}

Task<Result<Logins::Found>> Logins::check(std::string const& name, std::string const& password,
                                          std::string const& address) {
    if (parts_.federation != nullptr && is_jwt(password)) co_return co_await of_issuer(password);
    if (name.empty() || name.size() > longest_name || password.empty() ||
        password.size() > longest_password) {
        co_return wrong();
    }
    if (parts_.accounts != nullptr) {
        if (auto const id = secret_id(password)) co_return co_await of_secret(*id, name, password);
        auto found = co_await of_account(name, password);
        bool const is_wrong = found.has_error() && found.error().code == Errc::unauthorized;
        // As long as it takes for a name that only the file may know.
        if (is_wrong && parts_.htpasswd != nullptr) (void)co_await of_file(std::string(), password);
        if (found.has_value() || found.error().code != Errc::not_found) co_return found;
    }
    if (parts_.htpasswd != nullptr) {
        auto found = co_await of_file(name, password);
        if (found.has_value() || found.error().code != Errc::not_found) co_return found;
    }
    if (parts_.gate.asks(policy::Point::authenticate)) co_return co_await of_gate(name, password, address);
    co_return unknown();
}

Task<Result<bool>> Logins::matches(std::string password, std::string hash) {
    counters_.hashes.add();
    auto work = [password = std::move(password), hash = std::move(hash)]() -> Result<bool> {
        return verify_password(password, hash);
    };
    co_return co_await parts_.pool.run(std::move(work));
}

Task<Result<Logins::Found>> Logins::of_account(std::string const& name, std::string const& password) {
    auto const account = co_await parts_.accounts->account(name);
    if (account.has_error() && account.error().code != Errc::not_found) co_return account.error();
    bool const can_match = account.has_value() && !account->password_hash.empty();
    // Whoever is unknown costs the same time.
    CO_TRY(bool const right, co_await matches(password, can_match ? account->password_hash : unknown_hash_));
    if (account.has_error()) co_return unknown();
    if (!can_match || !right) co_return wrong();
    if (account->disabled) {
        co_return Error{Errc::unauthorized, "the account is disabled; ask whoever runs this registry"};
    }
    co_return Found{caller_of(*account), parts_.clock.now() + kept_for};
}

Task<Result<Logins::Found>> Logins::of_secret(std::string const& id, std::string const& name,
                                              std::string const& password) {
    auto const token = co_await parts_.tokens->token(id);
    if (token.has_error() && token.error().code == Errc::not_found) co_return wrong();
    if (token.has_error()) co_return token.error();
    if (!equal_secrets(token->secret_hash, sha256_hex(password)) || token->account != name ||
        token->refresh) {
        co_return wrong();
    }
    auto const now = parts_.clock.now();
    if (token->expires_at && *token->expires_at <= now) {
        co_return Error{Errc::unauthorized,
                        fmt::format("the token {} has expired; make another one", quote(id))};
    }
    auto const account = co_await parts_.accounts->account(name);
    if (account.has_error() && account.error().code == Errc::not_found) co_return wrong();
    if (account.has_error()) co_return account.error();
    if (account->disabled) {
        co_return Error{Errc::unauthorized, "the account is disabled; ask whoever runs this registry"};
    }
    auto caller = caller_of(*account);
    CO_TRY(caller.limit, parse_robot_scopes(token->scopes));
    caller.owner_limit = caller.limit;
    used(id);
    Time until = now + kept_for;
    if (token->expires_at) until = std::min(until, *token->expires_at);
    co_return Found{std::move(caller), until};
}

Task<Result<Logins::Found>> Logins::of_file(std::string const& name, std::string const& password) {
    auto& file = *parts_.htpasswd;
    counters_.hashes.add();
    auto work = [&file, name, password] { return file.verify(name, password); };
    CO_TRY(bool const right, co_await parts_.pool.run(std::move(work)));
    // Whether the file knows the name does not show: the next source is asked in either case.
    if (!right) co_return unknown();
    Caller caller;
    caller.name = name;
    caller.kind = CallerKind::user;
    co_return Found{std::move(caller), parts_.clock.now() + kept_for};
}

Task<Result<Logins::Found>> Logins::of_issuer(std::string const& token) {
    auto const now = parts_.clock.now();
    CO_TRY(auto login, co_await parts_.federation->login(token, *parts_.issuers, now));
    Time const until = std::min(login.expires_at, Time(now + kept_for));
    parts_.log.info("token of a foreign issuer taken", {{"issuer", login.issuer},
                                                        {"subject", login.subject.substr(0, longest_name)},
                                                        {"user", login.caller.name}});
    co_return Found{std::move(login.caller), until};
}

Task<Result<Logins::Found>> Logins::of_gate(std::string const& name, std::string const& password,
                                            std::string const& address) {
    policy::Credentials const credentials{name, password, address};
    CO_TRY(auto answer, co_await parts_.gate.authenticate(credentials));
    if (!answer) co_return unknown();
    auto const now = parts_.clock.now();
    if (auto* const caller = std::get_if<Caller>(&*answer)) {
        if (caller->anonymous()) co_return wrong();
        CO_CHECK(co_await no_account(*caller));
        co_return Found{std::move(*caller), now + gate_kept_for};
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

void Logins::used(std::string const& token) {
    std::lock_guard const lock(used_mutex_);
    if (used_.size() < most_noted) used_.insert_or_assign(token, parts_.clock.now());
}

Task<Result<>> Logins::note_use() {
    if (parts_.tokens == nullptr) co_return Result<>{};
    std::map<std::string, Time> used;
    {
        std::lock_guard const lock(used_mutex_);
        used.swap(used_);
    }
    if (used.empty()) co_return Result<>{};
    std::vector<std::pair<std::string, Time>> rows(used.begin(), used.end());
    co_return co_await parts_.tokens->note_use(std::move(rows));
}

}  // namespace ocilot::auth
