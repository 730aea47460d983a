#include "auth/logins.h"

#include "auth/federation.h"
#include "auth/htpasswd.h"
#include "auth/passwords.h"
#include "auth/refusals.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <utility>

namespace ocilot::auth {

namespace {

using policy::Caller;
using policy::CallerKind;
using policy::Credentials;
using std::chrono::seconds;

constexpr std::size_t max_cached = 8192;
constexpr std::size_t max_noted = 100'000;  // Secrets used since the last note.
constexpr std::size_t longest_name = 256;

// A client has many connections with the same credentials; they wait for one check.
constexpr FairQueueRules same_credentials{.slots = std::numeric_limits<std::size_t>::max(),
                                          .slots_per_key = 1,
                                          .queue_per_key = 1024,
                                          .longest_wait = seconds(30)};
// As many as there are threads: the next turn is another client's.
constexpr FairQueueRules hash_rules{
    .slots = Logins::hash_slots, .slots_per_key = Logins::hash_slots, .queue_per_key = 64};
// These wait for others, who may hang: no client has more than a part of the slots.
constexpr FairQueueRules remote_rules{.slots = 64, .slots_per_key = 8, .queue_per_key = 64};

Error wrong() {
    return {Errc::unauthorized, "invalid user name or password"};
}

Counter& logins(Metrics& metrics, std::string_view result) {
    return metrics.counter("ocilot_auth_logins_total", "Passwords and secrets checked, by result.",
                           {{"result", std::string(result)}});
}

/// Tells, by count and not by time, that unknown names cost what known ones cost.
Counter& hashes(Metrics& metrics) {
    return metrics.counter("ocilot_auth_password_hashes_total",
                           "Passwords hashed for comparison, including those of unknown users.");
}

Counter& cache(Metrics& metrics, std::string_view result) {
    return metrics.counter("ocilot_auth_cache_total", "Cache lookups, by result.",
                           {{"cache", "password"}, {"result", std::string(result)}});
}

}  // namespace

/// A try of a password; if nothing comes of it, it does not count. `counted`: whether it began as a wrong
/// one.
class Logins::Attempt {
  public:
    Attempt(Logins& logins, std::string const& name, std::string_view address, bool counted)
        : logins_(logins), name_(name), address_(address), over_(!counted) {}
    ~Attempt() {
        if (!over_) logins_.throttle_.abandoned(name_, address_);
    }
    Attempt(Attempt const&) = delete;
    Attempt& operator=(Attempt const&) = delete;

    void right() {
        if (!std::exchange(over_, true)) logins_.throttle_.succeeded(name_, address_);
    }
    void wrong() noexcept { over_ = true; }
    void refused() {
        if (!std::exchange(over_, true)) logins_.throttle_.refused(name_, address_);
    }

  private:
    Logins& logins_;
    std::string const& name_;
    std::string_view address_;
    bool over_;
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
      cache_(max_cached),
      wrong_(max_cached),
      counters_{logins(parts.metrics, "right"),
                logins(parts.metrics, "wrong"),
                logins(parts.metrics, "throttled"),
                logins(parts.metrics, "failed"),
                cache(parts.metrics, "hit"),
                cache(parts.metrics, "miss"),
                hashes(parts.metrics)},
      credentials_queue_(same_credentials, "credentials", parts.clock, parts.metrics),
      hash_queue_(hash_rules, "hash", parts.clock, parts.metrics),
      hook_queue_(remote_rules, "hook", parts.clock, parts.metrics),
      unknown_hash_(unknown_user_hash({})) {
    if (parts.federation == nullptr) return;
    for (auto const& one : parts.federation->issuers()) {
        auto const name = fmt::format("issuer {}", one.name);
        issuers_.emplace(one.issuer,
                         std::make_unique<FairQueue>(remote_rules, name, parts.clock, parts.metrics));
    }
}

Result<Logins::Versions> Logins::versions() {
    Versions versions{.gate = parts_.gate.generation()};
    if (parts_.accounts != nullptr) versions.accounts = parts_.accounts->version();
    if (parts_.htpasswd != nullptr) {
        TRY(versions.file, parts_.htpasswd->version());
    }
    return versions;
}

std::optional<Login> Logins::recall(Credentials const& credentials) {
    auto const cached = cache_.find(hash_(credentials.name, credentials.password));
    auto const now = versions();
    if (!cached || now.has_error() || cached->versions != *now || cached->until <= parts_.clock.now()) {
        counters_.misses.add();
        return std::nullopt;
    }
    counters_.hits.add();
    if (!cached->token.empty()) note_secret_use(cached->token);
    auto login = cached->login;
    login.caller.address = credentials.address;
    return login;
}

Task<Result<Login>> Logins::login(std::string name, std::string password, std::string address,
                                  std::string request) {
    Credentials const credentials{name, password, address, request};
    if (auto recalled = recall(credentials)) co_return std::move(*recalled);
    // Clients log in on many connections at once: one is checked, and the others have its answer.
    auto const turn = co_await credentials_queue_.enter(hash_(name, password));
    if (turn.has_error()) {
        throttle_.charge(address, parts_.clock.now());
        co_return turn.error();
    }
    if (turn->waited()) {
        if (auto recalled = recall(credentials)) co_return std::move(*recalled);
    }
    co_return co_await try_login(credentials);
}

Task<Result<Login>> Logins::try_login(Credentials credentials) {
    auto const now = parts_.clock.now();
    auto const guess = guess_key(credentials);
    auto const known_wrong = wrong_.find(guess);
    auto const counted_for = throttle_key(credentials);
    CO_TRY(auto const before, versions());
    // What was wrong before a change of the accounts may be right after it.
    bool const repeats = known_wrong && known_wrong->versions == before;
    seconds wait{0};
    if (repeats) wait = throttle_.repeat(guess, now);
    if (!known_wrong) wait = throttle_.begin(counted_for, credentials.address, now);
    if (wait.count() > 0) co_return throttled(credentials, wait);
    Attempt attempt(*this, counted_for, credentials.address, !known_wrong);
    auto found = co_await check(credentials);
    if (found.has_error() && found.error().code == Errc::not_found) found = wrong();
    note(found, credentials);
    if (found.has_error()) {
        auto const code = found.error().code;
        if (code == Errc::too_many_requests) attempt.refused();
        if (code == Errc::unauthorized) {
            attempt.wrong();
            // A token may become valid by itself.
            if (!is_signed(credentials.password)) wrong_.put(guess, {before});
        }
        co_return std::move(found).error();
    }
    attempt.right();
    if (known_wrong) wrong_.remove(guess);
    auto id = secret_id(credentials.password).value_or(std::string());
    cache_.put(hash_(credentials.name, credentials.password),
               {found->login, found->until, before, std::move(id)});
    found->login.caller.address = credentials.address;
    co_return std::move(found->login);
}

bool Logins::is_signed(std::string_view password) const noexcept {
    // No password begins like a JSON object (RFC 7515 §7.1).
    return parts_.federation != nullptr && password.starts_with("eyJ") &&
           std::ranges::count(password, '.') == 2;
}

std::string Logins::guess_key(Credentials const& credentials) const {
    return hash_(fmt::format("{}\n{}", throttled_address(credentials.address), credentials.name),
                 credentials.password);
}

/// A signature or a secret cannot be guessed. They are counted each by itself, so that wrong ones for a
/// robot's name do not keep the robot out.
std::string Logins::throttle_key(Credentials const& credentials) const {
    bool const is_secret = parts_.accounts != nullptr && secret_id(credentials.password).has_value();
    return is_signed(credentials.password) || is_secret
               ? hash_(credentials.name, credentials.password)
               : std::string(credentials.name.substr(0, longest_name));
}

Error Logins::throttled(Credentials const& credentials, seconds wait) {
    counters_.throttled.add();
    note_refusal(credentials, "too many wrong passwords");
    return {Errc::too_many_requests,
            fmt::format("too many wrong passwords for this account from your address; retry in {} s",
                        wait.count()),
            {},
            static_cast<unsigned>(wait.count())};
}

void Logins::note_refusal(Credentials const& credentials, std::string_view why) {
    if (parts_.refusals == nullptr) return;
    Caller caller;
    caller.name = credentials.name;
    caller.kind = CallerKind::user;
    caller.address = credentials.address;
    parts_.refusals->note(meta::ChangeKind::login, caller, {}, {}, why);
}

void Logins::note(Result<CheckedLogin> const& found, Credentials const& credentials) {
    if (found.has_value()) {
        counters_.right.add();
        return;
    }
    note_refusal(credentials, found.error().message);
    bool const is_wrong = found.error().code == Errc::unauthorized;
    (is_wrong ? counters_.wrong : counters_.failed).add();
    parts_.log.write(is_wrong ? LogLevel::info : LogLevel::warn,
                     is_wrong ? "login refused" : "login not checked",
                     {{"request_id", credentials.request},
                      {"user", credentials.name.substr(0, longest_name)},
                      {"peer", credentials.address},
                      {"err", found.error().message}});
}

void Logins::note_secret_use(std::string const& token) {
    std::lock_guard const lock(used_mutex_);
    if (used_.size() < max_noted) used_.insert_or_assign(token, parts_.clock.now());
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
