#pragma once

#include "base/log.h"
#include "base/metrics.h"
#include "blob/upkeep.h"
#include "jobs/round.h"
#include "registry/registry.h"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace ocilot::jobs {

/// How gently the scrub goes.
struct ScrubRules {
    std::uint64_t rate = 16 * 1024 * 1024;         ///< bytes a second; 0: as fast as it can
    std::chrono::seconds save_position_every{60};  ///< what a restart may look at again
};

/// One round over all blobs, from where the last one stopped: reads each, and takes away one whose bytes do
/// not hash to its name, so that it is unknown until it is pushed again; but leaves one that was pushed while
/// it was read to the next round. Answers how many were taken away. Once cancelled it keeps its place.
/// Metrics: `ocilot_scrub_blobs_total{outcome}`, `ocilot_scrub_bytes_total`.
Task<Result<std::size_t>> scrub(registry::Registry& registry, blob::BlobUpkeep& store, ScrubRules rules,
                                Round const& round, Log const& log, Metrics& metrics);

/// How long to wait with the next round after a restart, in seconds: none if a round was interrupted.
Task<Result<std::size_t>> scrub_due_in(registry::Registry& registry, std::chrono::seconds interval);

}  // namespace ocilot::jobs
