#pragma once

#include "base/task_group.h"
#include "jobs/job.h"
#include "jobs/job_control.h"
#include "jobs/job_metrics.h"
#include "jobs/job_parts.h"
#include "jobs/job_status.h"

#include <boost/asio/basic_waitable_timer.hpp>
#include <mutex>
#include <optional>
#include <string>

namespace ocilot::jobs {

/// One job and its rounds, one at a time. An exception ends a round, never the loop.
class JobLoop {
  public:
    /// `parts` must live as long as this.
    JobLoop(Executor executor, Job job, JobParts const& parts);

    [[nodiscard]] std::string const& name() const noexcept { return job_.name; }

    // On the thread of the executor.
    void start();
    [[nodiscard]] bool ended() const noexcept { return tasks_.size() == 0; }

    // From any thread.
    Result<RequestedRound> request();
    bool cancel();
    /// Ends the round under way at its next step, and the loop with it.
    void stop();
    [[nodiscard]] JobStatus status() const;

  private:
    using Ticks = std::chrono::steady_clock;
    using Outcome = Result<std::optional<std::size_t>>;  // nullopt: skipped.

    Task<> run();
    /// Until the next round has begun; false if the loop is to end.
    Task<bool> begin_next();
    bool begin_if_due();
    Task<Outcome> round_under_lease();
    Task<Result<std::size_t>> guarded_round();
    Task<> keep_lease(meta::Lease lease);
    void end_round(RoundResult result) noexcept;
    [[nodiscard]] RoundResult result_of(Outcome outcome) const noexcept;
    void cancel_tasks(std::uint64_t number);
    [[nodiscard]] Ticks::time_point after(std::chrono::seconds wait) const noexcept;

    Job const job_;
    JobParts const& parts_;
    JobMetrics metrics_;
    Executor executor_;
    asio::basic_waitable_timer<Ticks, asio::wait_traits<Ticks>, Executor> timer_;
    TaskGroup tasks_;         // The loop.
    TaskGroup lease_keeper_;  // Beside a round that has a lease.
    Round round_;
    bool lease_lost_ = false;
    Ticks::time_point began_{};  // The round under way.

    mutable std::mutex mutex_;
    Ticks::time_point due_ = Ticks::time_point::max();
    bool stopping_ = false;
    bool requested_ = false;
    bool running_ = false;
    std::uint64_t rounds_ = 0;
    Time started_at_{};
    std::optional<RoundResult> last_;
};

}  // namespace ocilot::jobs
