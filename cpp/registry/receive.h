#pragma once

#include "base/memory_budget.h"
#include "registry/push_blob.h"
#include "registry/quota.h"
#include "registry/storage_room.h"

#include <atomic>

namespace ocilot::registry {

/// Reads `chunk` to its end into `upload`, in pieces of at most 256 KiB, keeping `offset` true. Where
/// `memory` has not so much, the pieces are smaller, and unavailable is answered before anything is read if
/// it has no 16 KiB; likewise quota_exceeded if `quota` has no place for what the chunk promises. What came
/// before a failure (peer_closed, no_space where `room` has none, quota_exceeded) is kept; but nothing of a
/// chunk that turns out to be longer or shorter than it promised (size_invalid).
Task<Result<>> receive(blob::Upload& upload, Chunk chunk, std::atomic<std::uint64_t>& offset,
                       MemoryBudget* memory = nullptr, StorageRoom* room = nullptr,
                       QuotaRoom const& quota = {});

}  // namespace ocilot::registry
