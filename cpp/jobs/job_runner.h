#pragma once

#include "jobs/job_control.h"
#include "jobs/job_loop.h"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace ocilot::jobs {

/// Runs the jobs of a registry, each in its own time, one round of each at once.
class JobRunner final : public JobControl {
  public:
    JobRunner(Executor executor, JobParts parts);

    /// Before run(); a name once.
    void add(Job job);
    /// Runs the jobs, on the thread of the executor, until stop() or until it is cancelled.
    Task<> run();
    /// Ends all rounds at their next step, and run() with them. From any thread; returns at once.
    void stop();

    [[nodiscard]] std::vector<JobStatus> jobs() const override;
    [[nodiscard]] Result<JobStatus> job(std::string_view name) const override;
    Result<RequestedRound> run_now(std::string_view name) override;
    Result<bool> cancel(std::string_view name) override;

  private:
    using Ticks = std::chrono::steady_clock;

    [[nodiscard]] Result<JobLoop*> find(std::string_view name) const;

    Executor executor_;
    JobParts const parts_;
    std::map<std::string, std::unique_ptr<JobLoop>, std::less<>> loops_;
    asio::basic_waitable_timer<Ticks, asio::wait_traits<Ticks>, Executor> timer_;
    std::atomic<bool> stopping_{false};
};

}  // namespace ocilot::jobs
