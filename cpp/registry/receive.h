#pragma once

#include "registry/push_blob.h"

#include <atomic>

namespace ocilot::registry {

/// Reads `chunk` to its end into `upload`, in pieces of at most 256 KiB, keeping `offset` true. What came
/// before a failure (peer_closed) is kept; but nothing of a chunk that turns out to be longer or shorter than
/// it promised (size_invalid).
Task<Result<>> receive(blob::Upload& upload, Chunk chunk, std::atomic<std::uint64_t>& offset);

}  // namespace ocilot::registry
