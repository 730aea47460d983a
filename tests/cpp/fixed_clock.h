#pragma once

#include "base/clock.h"

namespace ocilot::test {

/// A clock that stands until it is set.
class FixedClock final : public Clock {
  public:
    [[nodiscard]] Time now() const override { return now_; }
    void advance(std::chrono::microseconds by) { now_ += by; }

  private:
    Time now_{std::chrono::seconds(1'800'000'000)};
};

}  // namespace ocilot::test
