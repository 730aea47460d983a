#pragma once

#include "base/blocking_pool.h"

namespace ocilot::blob {

/// Where the calls of a store block. A disk that syncs slowly fills the threads that write, so that reads and
/// probes have others. Borrowed.
struct Pools {
    BlockingPool& writing;   ///< what makes, syncs or renames files, and hashes what is written
    BlockingPool& reading;   ///< what reads from the disk
    BlockingPool& removing;  ///< what removes many files, side by side: it mostly waits
    BlockingPool& probing;   ///< whether the disk can be written to

    Pools(BlockingPool& writes, BlockingPool& reads, BlockingPool& removes, BlockingPool& probes) noexcept
        : writing(writes), reading(reads), removing(removes), probing(probes) {}
    /// One for everything: for tools and tests.
    Pools(BlockingPool& all) noexcept : Pools(all, all, all, all) {}  // NOLINT: a pool does for all.
};

}  // namespace ocilot::blob
