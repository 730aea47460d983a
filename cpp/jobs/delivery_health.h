#pragma once

#include "jobs/delivery_answer.h"
#include "jobs/delivery_parts.h"
#include "jobs/delivery_rules.h"
#include "meta/consumer.h"

#include <cstdint>
#include <string>

namespace ocilot::jobs {

/// Whether a receiver works, fails or rests: counts its answers, and logs each change from one to another.
class DeliveryHealth {
  public:
    DeliveryHealth(std::string consumer, DeliveryRules rules, DeliveryParts const& parts)
        : consumer_(std::move(consumer)), rules_(rules), parts_(parts) {}

    void restore(meta::ConsumerState state) { state_ = std::move(state); }
    [[nodiscard]] meta::ConsumerState const& state() const noexcept { return state_; }
    /// Whether nothing is to be tried now.
    [[nodiscard]] bool rests(Time now) const noexcept {
        return state_.next_attempt && *state_.next_attempt > now;
    }
    void note(DeliveryAnswer const& answer);
    /// Lets the next attempt be at once.
    void wake() noexcept { state_.next_attempt.reset(); }

  private:
    void note_success();
    void note_failure(DeliveryAnswer const& answer);

    std::string const consumer_;
    DeliveryRules const rules_;
    DeliveryParts const& parts_;
    meta::ConsumerState state_;
};

}  // namespace ocilot::jobs
