#pragma once

#include "auth/recent.h"
#include "base/clock.h"

#include <chrono>
#include <string>
#include <string_view>

namespace ocilot::auth {

/// How often a wrong password may be tried.
struct ThrottleRules {
    unsigned free_of_pair = 10;     ///< wrong ones of one address for one account, before it waits
    unsigned free_of_address = 50;  ///< of one address, for any accounts
    /// Of one account, from anywhere: beyond it an address waits after its first wrong one.
    unsigned free_of_account = 200;
    std::chrono::seconds longest{300};  ///< the wait doubles from a second up to this
    std::chrono::seconds memory{3600};  ///< after so long without a try all is forgotten
    std::size_t capacity = 16384;       ///< what is remembered, of each kind
};

/// Slows down whoever guesses passwords: per account and address, and per address. Nobody can lock an account
/// for others: its right password from another address is always taken. Thread-safe.
class Throttle {
  public:
    explicit Throttle(ThrottleRules rules)
        : rules_(rules), pairs_(rules.capacity), addresses_(rules.capacity), accounts_(rules.capacity) {}

    /// Begins a try, counted as a wrong one until succeeded() takes it back: many at once are no way around.
    /// Answers how long to wait instead; 0: go on.
    std::chrono::seconds begin(std::string_view account, std::string_view address, Time now);
    /// The try was a right one.
    void succeeded(std::string_view account, std::string_view address);
    /// The try came to no answer: it does not count.
    void came_to_nothing(std::string_view account, std::string_view address);

  private:
    struct Failures {
        unsigned count = 0;
        Time last{};
        Time until{};
    };
    static void forget_one(Recent<Failures>& table, std::string_view key, unsigned free);
    [[nodiscard]] std::chrono::seconds wait_after(unsigned count, unsigned free) const noexcept;
    std::chrono::seconds count(Recent<Failures>& table, std::string_view key, unsigned free, Time now) const;
    [[nodiscard]] static std::chrono::seconds left(Failures const& failures, Time now) noexcept;
    void age(Failures& failures, Time now) const noexcept;

    ThrottleRules const rules_;
    Recent<Failures> pairs_;
    Recent<Failures> addresses_;
    Recent<Failures> accounts_;
};

/// What an address counts as: itself, or for IPv6 the /64 it is in, all of which one host may have.
[[nodiscard]] std::string throttled_address(std::string_view address);

}  // namespace ocilot::auth
