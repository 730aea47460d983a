#pragma once

#include "base/result.h"
#include "jobs/fsck.h"

#include <string>

namespace ocilot::server {

/// Checks the data directory `root` on the calling thread, which `watcher` is called on as well. A registry
/// may be running on it. config if there is no data directory of this version; cancelled if `watcher` ends
/// it.
Result<jobs::FsckCounts> check_data_directory(std::string const& root, bool hash, jobs::FsckWatcher& watcher);

}  // namespace ocilot::server
