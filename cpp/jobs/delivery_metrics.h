#pragma once

#include "base/metrics.h"
#include "jobs/delivery_answer.h"

#include <string>

namespace ocilot::jobs {

/// The metrics of one consumer: `ocilot_delivery_attempts_total{consumer,outcome}`,
/// `ocilot_delivery_changes_total{consumer}`, `ocilot_delivery_parked_total{consumer}`.
class DeliveryMetrics {
  public:
    DeliveryMetrics(Metrics& metrics, std::string const& consumer);

    void note(DeliveryVerdict verdict, std::size_t changes) noexcept;
    void note_parked() noexcept { parked_.add(); }

  private:
    Counter& delivered_;
    Counter& failed_;
    Counter& rejected_;
    Counter& changes_;
    Counter& parked_;
};

}  // namespace ocilot::jobs
