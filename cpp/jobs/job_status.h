#pragma once

#include "base/clock.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ocilot::jobs {

enum class JobState : std::uint8_t {
    idle,      ///< waits for its time
    running,   ///< a round is under way
    disabled,  ///< has no schedule; waits for a request
};
enum class RoundOutcome : std::uint8_t {
    ok,
    failed,
    cancelled,
    skipped,  ///< another process on the same data runs it
};
[[nodiscard]] std::string_view to_string(JobState state) noexcept;
[[nodiscard]] std::string_view to_string(RoundOutcome outcome) noexcept;

/// How a round ended.
struct RoundResult {
    Time started_at{};
    std::chrono::microseconds duration{0};
    RoundOutcome outcome = RoundOutcome::ok;
    std::size_t items = 0;
    std::string error = {};  ///< why it failed
};

/// A job as it is at one moment.
struct JobStatus {
    std::string name;
    std::string purpose;
    JobState state = JobState::idle;
    std::chrono::seconds interval{0};
    std::optional<Time> next_at = {};  ///< start of the next round, unless one runs or it has no schedule
    std::optional<Time> running_since = {};  ///< start of the round under way
    std::uint64_t rounds = 0;                ///< that have ended since the process started
    std::optional<RoundResult> last = {};    ///< absent before the first has ended
};

}  // namespace ocilot::jobs
