#pragma once

#include "auth/fair_queue.h"
#include "auth/login.h"
#include "auth/lru_cache.h"
#include "auth/secrets.h"
#include "auth/throttle.h"
#include "base/blocking_pool.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "meta/accounts.h"
#include "meta/tokens.h"
#include "policy/gate.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
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
/// some minutes, as long as accounts and file stay as they are, whose password was right, and which were
/// wrong where. What is slow has slots of its own, shared fairly by address: hashes, each foreign issuer,
/// hooks. Secrets of robots need none. Thread-safe.
class Logins {
  public:
    static constexpr std::size_t hash_slots = 2;  ///< passwords that are hashed at once

    explicit Logins(LoginParts parts);

    /// unauthorized if it is wrong, too_many_requests after many wrong ones and for too many at once,
    /// unavailable.
    Task<Result<Login>> login(std::string name, std::string password, std::string address,
                              std::string request = {});

    /// Notes in the accounts when secrets were last used.
    Task<Result<>> note_use();

  private:
    struct CheckedLogin {
        Login login;
        Time until;  ///< when it has to be checked again
    };
    /// Everything that remembered logins depend on.
    struct Versions {
        std::uint64_t gate = 0;
        std::uint64_t accounts = 0;
        std::uint64_t file = 0;
        friend bool operator==(Versions const&, Versions const&) = default;
    };
    struct CacheEntry {
        Login login;
        Time until{};
        Versions versions;
        std::string token;  ///< id of the secret that was shown; empty for a password
    };
    /// A password that was wrong, by name and address.
    struct WrongPassword {
        Versions versions;
    };
    using Queues = std::map<std::string, std::unique_ptr<FairQueue>, std::less<>>;
    struct Counters {
        Counter& right;
        Counter& wrong;
        Counter& throttled;
        Counter& failed;
        Counter& hits;
        Counter& misses;
        Counter& hashes;
    };
    class Attempt;

    [[nodiscard]] Result<Versions> versions();
    /// The login whose password was right lately; nullopt: it has to be checked.
    [[nodiscard]] std::optional<Login> recall(policy::Credentials const& credentials);
    /// Whether it looks like a token of a foreign issuer.
    [[nodiscard]] bool is_signed(std::string_view password) const noexcept;
    /// What stands for name, address and password.
    [[nodiscard]] std::string guess_key(policy::Credentials const& credentials) const;
    /// A try that nothing is known of, by the only one at a time that has these credentials.
    Task<Result<Login>> try_login(policy::Credentials credentials);
    /// not_found if this source does not know the name, unauthorized if the password is wrong.
    Task<Result<CheckedLogin>> check(policy::Credentials credentials);
    Task<Result<CheckedLogin>> check_secret(std::string id, policy::Credentials credentials);
    Task<Result<CheckedLogin>> check_account(policy::Credentials credentials);
    Task<Result<CheckedLogin>> check_htpasswd(policy::Credentials credentials);
    Task<Result<CheckedLogin>> check_federated_token(policy::Credentials credentials);
    Task<Result<CheckedLogin>> check_with_hook(policy::Credentials credentials);
    /// What wrong tries are counted for beside their address.
    [[nodiscard]] std::string throttle_key(policy::Credentials const& credentials) const;
    Task<Result<bool>> matches(policy::Credentials credentials, std::string hash);
    void note(Result<CheckedLogin> const& found, policy::Credentials const& credentials);
    void note_refusal(policy::Credentials const& credentials, std::string_view why);
    Error throttled(policy::Credentials const& credentials, std::chrono::seconds wait);
    /// unauthorized if there is an account of the name that a hook says somebody has: an account has a
    /// password of its own, and its rights.
    Task<Result<>> no_account(policy::Caller const& caller);
    void note_secret_use(std::string const& token);

    LoginParts parts_;
    KeyedHash hash_;
    Throttle throttle_;
    LruCache<CacheEntry> cache_;
    LruCache<WrongPassword> wrong_;
    Counters counters_;
    FairQueue credentials_queue_;  // By credentials: one is checked, and the others have its answer.
    FairQueue hash_queue_;         // By address, as the two that follow.
    FairQueue hook_queue_;         // Hooks.
    Queues issuers_;               // Keys of each foreign issuer: one that hangs holds up its own alone.
    std::string const unknown_hash_;
    std::mutex used_mutex_;
    std::map<std::string, Time> used_;  // Secrets, since note_use() was last called.
};

/// The caller that an account is, without address or limit.
[[nodiscard]] policy::Caller caller_of(meta::AccountFact const& account);

}  // namespace ocilot::auth
