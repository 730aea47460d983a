#include "jobs/job_status.h"

namespace ocilot::jobs {

std::string_view to_string(JobState state) noexcept {
    switch (state) {
        case JobState::idle:
            return "idle";
        case JobState::running:
            return "running";
        case JobState::disabled:
            return "disabled";
    }
    return "idle";
}

std::string_view to_string(RoundOutcome outcome) noexcept {
    switch (outcome) {
        case RoundOutcome::ok:
            return "ok";
        case RoundOutcome::failed:
            return "failed";
        case RoundOutcome::cancelled:
            return "cancelled";
        case RoundOutcome::skipped:
            return "skipped";
    }
    return "failed";
}

}  // namespace ocilot::jobs
