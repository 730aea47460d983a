#pragma once

#include "base/clock.h"
#include "base/metrics.h"
#include "meta/consumer.h"

namespace ocilot::jobs {

/// How far a consumer is behind, and what is set aside for it: `ocilot_consumer_lag_entries{consumer}`,
/// `ocilot_consumer_lag_seconds`, `ocilot_consumer_failures`, `ocilot_consumer_waiting`,
/// `ocilot_consumer_parked`.
void note_consumer(Metrics& metrics, meta::Consumer const& consumer, Time now);

}  // namespace ocilot::jobs
