#include "jobs/job_metrics.h"

#include <array>
#include <chrono>

namespace ocilot::jobs {

namespace {

constexpr std::array<double, 8> bounds{.001, .01, .1, 1., 10., 60., 600., 3600.};

Counter& rounds(Metrics& metrics, std::string const& job, RoundOutcome outcome) {
    return metrics.counter("ocilot_job_rounds_total", "Rounds of a background job by outcome.",
                           {{"name", job}, {"outcome", std::string(to_string(outcome))}});
}

}  // namespace

JobMetrics::JobMetrics(Metrics& metrics, std::string const& job)
    : ok_(rounds(metrics, job, RoundOutcome::ok)),
      failed_(rounds(metrics, job, RoundOutcome::failed)),
      cancelled_(rounds(metrics, job, RoundOutcome::cancelled)),
      skipped_(rounds(metrics, job, RoundOutcome::skipped)),
      items_(
          metrics.counter("ocilot_job_items_total", "Items processed by a background job.", {{"name", job}})),
      running_(metrics.gauge("ocilot_job_running", "1 while a round of a background job is running.",
                             {{"name", job}})),
      last_success_(metrics.gauge("ocilot_job_last_success_timestamp_seconds",
                                  "End of the last successful round of a background job, 0 before the first.",
                                  {{"name", job}})),
      duration_(metrics.histogram("ocilot_job_duration_seconds",
                                  "Duration of the rounds of a background job.", bounds, {{"name", job}})) {}

void JobMetrics::end(RoundResult const& result, Time now) noexcept {
    running_.set(0);
    switch (result.outcome) {
        case RoundOutcome::ok:
            ok_.add();
            last_success_.set(std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
            break;
        case RoundOutcome::failed:
            failed_.add();
            break;
        case RoundOutcome::cancelled:
            cancelled_.add();
            break;
        case RoundOutcome::skipped:
            skipped_.add();
            return;
    }
    items_.add(result.items);
    duration_.observe(std::chrono::duration<double>(result.duration).count());
}

}  // namespace ocilot::jobs
