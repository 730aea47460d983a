#pragma once

#include <chrono>
#include <cstddef>

namespace ocilot::server {

/// Upload sessions (`storage.maintenance.uploadpurging`, `ocilot.limits`).
struct UploadSettings {
    bool purge = true;
    std::chrono::seconds age{168 * 3600};            ///< sessions idle for longer are purged
    std::chrono::seconds purge_interval{24 * 3600};  ///< time between two purges
    std::size_t per_repository = 1000;               ///< unfinished ones with bytes; 0: any number
    std::size_t per_caller = 1000;                   ///< same
};

}  // namespace ocilot::server
