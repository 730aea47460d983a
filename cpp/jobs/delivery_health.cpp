#include "jobs/delivery_health.h"

#include <algorithm>

namespace ocilot::jobs {

namespace {

constexpr std::chrono::seconds longest_wish{3600};  // Of a receiver, in Retry-After.

}  // namespace

void DeliveryHealth::note(DeliveryAnswer const& answer) {
    if (answer.verdict == DeliveryVerdict::delivered) {
        note_success();
    } else {
        note_failure(answer);
    }
}

void DeliveryHealth::note_success() {
    if (state_.failures > 0) {
        parts_.log.info("delivery recovered", {{"consumer", std::string_view(consumer_)},
                                               {"failures", std::uint64_t{state_.failures}}});
    }
    state_.failures = 0;
    state_.failing_since.reset();
    state_.next_attempt.reset();
    state_.last_success_at = parts_.clock.now();
}

void DeliveryHealth::note_failure(DeliveryAnswer const& answer) {
    auto const now = parts_.clock.now();
    ++state_.failures;
    state_.last_error = answer.error;
    if (state_.failures == 1) {
        state_.failing_since = now;
        parts_.log.warn("delivery failing",
                        {{"consumer", std::string_view(consumer_)}, {"err", std::string_view(answer.error)}});
    }
    bool const rests = state_.failures >= rules_.threshold;
    if (rests || answer.verdict == DeliveryVerdict::unavailable) {
        std::chrono::milliseconds const wished = std::min(answer.retry_after, longest_wish);
        state_.next_attempt = now + std::max(wished, delivery_delay(rules_, state_.failures, parts_.random));
    }
    if (state_.failures == rules_.threshold) {
        parts_.log.warn("delivery resting",
                        {{"consumer", std::string_view(consumer_)},
                         {"failures", std::uint64_t{state_.failures}},
                         {"next_attempt", std::string_view(rfc3339(*state_.next_attempt))},
                         {"err", std::string_view(answer.error)}});
    }
}

}  // namespace ocilot::jobs
