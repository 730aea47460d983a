#pragma once

#include "base/metrics.h"
#include "jobs/round.h"
#include "meta/audit.h"

#include <cstddef>

namespace ocilot::jobs {

/// Adds up the sizes of all blobs that repositories hold, each counted once, a page of links at a time, and
/// sets the metrics `ocilot_blob_bytes` and `ocilot_blobs`. Answers how many blobs there are.
Task<Result<std::size_t>> measure_storage(meta::Audit& audit, Round const& round, Metrics& metrics);

}  // namespace ocilot::jobs
