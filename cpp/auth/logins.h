#pragma once

#include "auth/recent.h"
#include "auth/secrets.h"
#include "auth/throttle.h"
#include "auth/turns.h"
#include "base/blocking_pool.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "meta/accounts.h"
#include "meta/tokens.h"
#include "policy/gate.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace ocilot::auth {

class Federation;
class Htpasswd;
class KeySource;
class Refusals;

/// What passwords are checked with and against, in this order: accounts, the file, the gate. A token of a
/// foreign issuer may stand in place of a password.
struct LoginParts {
    policy::Gate& gate;
    BlockingPool& pool;  ///< hashes there
    Clock const& clock;
    Random& random;
    Log const& log;
    Metrics& metrics;
    meta::Accounts* accounts = nullptr;
    meta::Tokens* tokens = nullptr;  ///< there if `accounts` is
    Htpasswd* htpasswd = nullptr;
    Federation const* federation = nullptr;
    KeySource* issuers = nullptr;  ///< keys of the foreign issuers; there if `federation` is
    Refusals* refusals = nullptr;
    ThrottleRules throttle = {};
};

/// Who somebody is that shows a name and a password, or a secret of an account as its password. Remembers for
/// some minutes, as long as accounts and file stay as they are, whose password was right. Thread-safe.
class Logins {
  public:
    explicit Logins(LoginParts parts);

    /// The caller whose password was right lately; nullopt: it has to be checked.
    [[nodiscard]] std::optional<policy::Caller> recall(policy::Credentials const& credentials);
    /// unauthorized if it is wrong, too_many_requests after many wrong ones, unavailable.
    Task<Result<policy::Caller>> login(std::string name, std::string password, std::string address);

    /// Notes in the accounts when secrets were last used.
    Task<Result<>> note_use();

  private:
    struct Found {
        policy::Caller caller;
        Time until;  ///< when it has to be checked again
    };
    /// Everything that remembered logins depend on.
    struct Stamp {
        std::uint64_t gate = 0;
        std::uint64_t accounts = 0;
        std::uint64_t file = 0;
        friend bool operator==(Stamp const&, Stamp const&) = default;
    };
    struct Kept {
        policy::Caller caller;
        Time until{};
        Stamp stamp;
        std::string token;  ///< id of the secret that was shown; empty for a password
    };
    struct Counters {
        Counter& right;
        Counter& wrong;
        Counter& throttled;
        Counter& failed;
        Counter& hits;
        Counter& misses;
        Counter& hashes;
    };
    class Try;

    [[nodiscard]] Result<Stamp> stamp();
    /// not_found if this source does not know the name, unauthorized if the password is wrong.
    Task<Result<Found>> check(std::string const& name, std::string const& password,
                              std::string const& address);
    Task<Result<Found>> of_secret(std::string const& id, std::string const& name,
                                  std::string const& password);
    Task<Result<Found>> of_account(std::string const& name, std::string const& password);
    Task<Result<Found>> of_file(std::string const& name, std::string const& password);
    Task<Result<Found>> of_issuer(std::string const& token);
    Task<Result<Found>> of_gate(std::string const& name, std::string const& password,
                                std::string const& address);
    /// What wrong tries are counted for beside their address.
    [[nodiscard]] std::string guessed(std::string const& name, std::string const& password) const;
    Task<Result<bool>> matches(std::string password, std::string hash);
    void note(Result<Found> const& found, std::string const& name, std::string const& address);
    Error throttled(std::string const& name, std::string const& address, std::chrono::seconds wait);
    /// unauthorized if there is an account of the name that a hook says somebody has: an account has a
    /// password of its own, and its rights.
    Task<Result<>> no_account(policy::Caller const& caller);
    void used(std::string const& token);

    LoginParts parts_;
    KeyedHash hash_;
    Throttle throttle_;
    Recent<Kept> kept_;
    Counters counters_;
    Turns turns_;
    std::atomic<unsigned> under_way_{0};
    std::string const unknown_hash_;
    std::mutex used_mutex_;
    std::map<std::string, Time> used_;  // Secrets, since note_use() was last called.
};

/// The caller that an account is, without address or limit.
[[nodiscard]] policy::Caller caller_of(meta::AccountFact const& account);

}  // namespace ocilot::auth
