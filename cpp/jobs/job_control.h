#pragma once

#include "base/result.h"
#include "jobs/job_status.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace ocilot::jobs {

/// A round that was asked for.
struct RequestedRound {
    std::uint64_t number = 0;      ///< JobStatus::rounds once it has ended
    bool already_running = false;  ///< it was under way, or asked for, before
};

/// What an operator may ask of the jobs. Thread-safe; returns at once. not_found for an unknown name.
class JobControl {
  public:
    virtual ~JobControl() = default;
    /// All of them, by name.
    [[nodiscard]] virtual std::vector<JobStatus> jobs() const = 0;
    [[nodiscard]] virtual Result<JobStatus> job(std::string_view name) const = 0;
    /// Starts a round now, or joins the one under way. unavailable while the registry stops.
    virtual Result<RequestedRound> run_now(std::string_view name) = 0;
    /// Ends the round under way at its next step; false if there is none.
    virtual Result<bool> cancel(std::string_view name) = 0;
};

}  // namespace ocilot::jobs
