#pragma once

#include <chrono>
#include <cstdint>

namespace ocilot::server {

/// What runs beside the requests (`ocilot.scrub`, `ocilot.audit`).
struct UpkeepSettings {
    bool scrub = true;
    std::chrono::seconds scrub_interval{168 * 3600};  ///< from the end of a round to the next
    std::uint64_t scrub_rate = 16 * 1024 * 1024;      ///< bytes a second
    std::chrono::seconds audit_age{2160 * 3600};      ///< entries older than this are removed; 0: none
};

}  // namespace ocilot::server
