#pragma once

#include "base/clock.h"
#include "base/metrics.h"
#include "policy/caller.h"

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ocilot::auth {

/// What a request costs the registry.
enum class RequestClass : std::uint8_t {
    manifests,  ///< a manifest that is read: what others count as a pull
    reads,      ///< everything else that is read
    writes,
    logins,  ///< at the token endpoint
};
/// `manifests`, `reads`, `writes`, `logins`.
[[nodiscard]] std::string_view to_string(RequestClass kind) noexcept;
[[nodiscard]] std::optional<RequestClass> parse_request_class(std::string_view word) noexcept;

/// How many requests of some classes a caller, or an address, may send.
struct RateRule {
    std::vector<RequestClass> classes;  ///< counted together
    bool per_address = false;           ///< count by address, not by caller; who has no name is its address
    bool anonymous = true;              ///< holds for callers without a name
    bool named = true;                  ///< holds for callers with one
    std::uint64_t requests = 0;         ///< in each window, and at once after a pause; at least 1
    std::chrono::seconds window{60};    ///< at least 1
};

/// How the tightest rule stands after a request.
struct RateVerdict {
    bool allowed = true;
    std::uint64_t limit = 0;           ///< requests a window
    std::chrono::seconds window{0};    ///< 0: no rule holds
    std::uint64_t remaining = 0;       ///< requests that may follow at once
    std::chrono::seconds reset{0};     ///< until everything may be sent at once again
    std::chrono::seconds wait_for{0};  ///< until the next request is taken, if this one is not
};

/// Counts requests by the generic cell rate algorithm: a caller has one time stamp a rule, no matter how much
/// it sends. Addresses of IPv6 count by their first 64 bits, which the network of one client has. At most
/// `capacity` stamps are kept; one more forgets the idlest of a few. Thread-safe.
class RateLimits {
  public:
    static constexpr std::size_t default_capacity = 1 << 17;

    RateLimits(std::vector<RateRule> rules, Metrics& metrics, std::size_t capacity = default_capacity);

    [[nodiscard]] bool any() const noexcept { return !rules_.empty(); }
    /// Counts one request, or refuses it: what one rule refuses is counted by none.
    [[nodiscard]] RateVerdict take(RequestClass kind, policy::Caller const& caller, Time now);

  private:
    /// When everything that was sent is paid for, by rule and sender.
    using ArrivalTimes = std::unordered_map<std::string, Time>;

    void remember(std::string key, Time arrival_time);

    std::vector<RateRule> rules_;
    std::size_t capacity_;
    Counter& refused_;
    std::mutex mutex_;
    ArrivalTimes arrival_times_;
};

}  // namespace ocilot::auth
