#pragma once

#include "auth/lru_cache.h"
#include "base/clock.h"

#include <chrono>
#include <string>
#include <string_view>

namespace ocilot::auth {

/// How often a wrong password may be tried.
struct ThrottleRules {
    /// Wrong ones of one address for one account, before that account waits there.
    unsigned free_attempts = 10;
    unsigned per_address = 500;         ///< of one address in `memory`, for any accounts
    unsigned per_account = 200;         ///< for one account in `memory`, from anywhere: beyond it is attacked
    std::chrono::seconds longest{300};  ///< the wait doubles from a second up to this
    std::chrono::seconds memory{3600};  ///< after so long without a try all is forgotten
    std::size_t capacity = 16384;       ///< what is remembered, of each kind
};

/// Slows down guessing of passwords. An account waits at the address that guesses, and there only: other
/// accounts of that address, and the account elsewhere, log in. The same wrong password tried again is no
/// guess and delays nothing but itself. An address has a budget for all accounts together, far higher, which
/// fills up steadily. Of an attacked account each address has one try in `longest`; nobody can lock it. An
/// account that has logged in at an address is known there: neither budget holds for it. Thread-safe.
class Throttle {
  public:
    explicit Throttle(ThrottleRules rules)
        : rules_(rules),
          pairs_(rules.capacity),
          repeats_(rules.capacity),
          addresses_(rules.capacity),
          accounts_(rules.capacity),
          known_(rules.capacity) {}

    /// Begins a try, counted as a wrong one until succeeded() takes it back: many at once are no way around.
    /// Answers how long to wait instead; 0: go on.
    std::chrono::seconds begin(std::string_view account, std::string_view address, Time now);
    /// The same for a password that was wrong before. `guess` stands for account, address and password.
    std::chrono::seconds repeat(std::string_view guess, Time now);
    /// The try was a right one.
    void succeeded(std::string_view account, std::string_view address);
    /// The try came to no answer: it does not count.
    void abandoned(std::string_view account, std::string_view address);
    /// The try was refused before it was looked at, as one of too many: its address pays, not the account.
    void refused(std::string_view account, std::string_view address);
    /// The same for a request that did not begin a try.
    void charge(std::string_view address, Time now);

  private:
    struct Failures {
        unsigned count = 0;
        Time last{};
        Time until{};
    };
    /// A budget that fills up steadily: when everything that was taken is paid for.
    struct Budget {
        Time full_at{};
    };
    struct Known {};

    std::chrono::seconds count(LruCache<Failures>& table, std::string_view key, unsigned free,
                               std::chrono::seconds least, Time now) const;
    void forget_one(LruCache<Failures>& table, std::string_view key);
    [[nodiscard]] std::chrono::microseconds cost(unsigned of) const noexcept;
    [[nodiscard]] std::chrono::seconds wait_time(LruCache<Budget>& table, std::string_view key, unsigned of,
                                                 Time now) const;
    void spend(LruCache<Budget>& table, std::string_view key, unsigned of, Time now) const;
    void give_back(LruCache<Budget>& table, std::string_view key, unsigned of) const;

    ThrottleRules const rules_;
    LruCache<Failures> pairs_;    // By address and account.
    LruCache<Failures> repeats_;  // By guess.
    LruCache<Budget> addresses_;
    LruCache<Budget> accounts_;
    LruCache<Known> known_;  // Pairs that have logged in.
};

/// What an address counts as: itself, or for IPv6 the /64 it is in, all of which one host may have.
[[nodiscard]] std::string throttled_address(std::string_view address);

}  // namespace ocilot::auth
