#pragma once

#include "base/metrics.h"
#include "jobs/job_status.h"

#include <string>

namespace ocilot::jobs {

/// The metrics of one job: `ocilot_job_rounds_total{job,outcome}`, `ocilot_job_items_total{job}`,
/// `ocilot_job_running{job}`, `ocilot_job_duration_seconds{job}`,
/// `ocilot_job_last_success_timestamp_seconds{job}`.
class JobMetrics {
  public:
    JobMetrics(Metrics& metrics, std::string const& job);

    void begin() noexcept { running_.set(1); }
    void end(RoundResult const& result, Time now) noexcept;

  private:
    Counter& ok_;
    Counter& failed_;
    Counter& cancelled_;
    Counter& skipped_;
    Counter& items_;
    Gauge& running_;
    Gauge& last_success_;
    Histogram& duration_;
};

}  // namespace ocilot::jobs
