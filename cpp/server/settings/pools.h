#pragma once

namespace ocilot::server {

/// Threads for calls that block (`ocilot.pools`); they are started when they are needed.
struct PoolSettings {
    unsigned writing = 8;  ///< what makes, syncs and renames files
    unsigned reading = 8;  ///< what reads from the disk
};

}  // namespace ocilot::server
