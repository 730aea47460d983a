#pragma once

#include "base/result.h"
#include "jobs/import.h"

#include <string>

namespace ocilot::server {

/// Whether `root` has repositories of distribution.
[[nodiscard]] bool has_distribution_tree(std::string const& root);

/// Whether `root` has repositories of distribution and no import of them came to its end.
[[nodiscard]] bool awaits_import(std::string const& root);

/// Takes over the data directory `root` of distribution, in place, on the calling thread, which `watcher` is
/// called on as well. No registry may be running on it. config if it cannot be used, is in use, or has
/// nothing of distribution's; else as jobs::import_distribution.
Result<jobs::ImportCounts> import_data_directory(std::string const& root, jobs::ImportWatcher& watcher);

}  // namespace ocilot::server
