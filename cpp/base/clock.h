#pragma once

#include <chrono>
#include <string>

namespace ocilot {

/// A point in time, UTC, microseconds since 1970.
using Time = std::chrono::sys_time<std::chrono::microseconds>;

/// Where the time comes from; tests pass their own.
class Clock {
  public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual Time now() const = 0;
};

class SystemClock final : public Clock {
  public:
    [[nodiscard]] Time now() const override;
};

/// The system's time when this was made, and from then on as much later as the steady clock says: who sets
/// the system's clock does not set this one.
class MonotonicClock final : public Clock {
  public:
    [[nodiscard]] Time now() const override;

  private:
    Time const made_at_ = SystemClock().now();
    std::chrono::steady_clock::time_point const started_ = std::chrono::steady_clock::now();
};

/// `2026-11-21T17:48:55.123456Z` (RFC 3339, UTC).
[[nodiscard]] std::string rfc3339(Time time);

/// `21/Nov/2026:17:48:55 +0000`, the form of Apache's access log.
[[nodiscard]] std::string clf_time(Time time);

}  // namespace ocilot
