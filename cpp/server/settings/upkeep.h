#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace ocilot::server {

/// What runs beside the requests (`ocilot.gc`, `ocilot.scrub`, `ocilot.audit`, `ocilot.taghistory`).
struct UpkeepSettings {
    bool gc = true;
    std::chrono::seconds gc_grace{24 * 3600};  ///< that what is not needed any more is kept
    std::chrono::seconds gc_pending{3600};     ///< that what was pushed or asked for is kept at least
    std::uint64_t gc_rate = 28'000;            ///< objects a second; 0: as fast as it can
    bool scrub = true;
    std::chrono::seconds scrub_interval{168 * 3600};  ///< from the end of a round to the next
    std::uint64_t scrub_rate = 16 * 1024 * 1024;      ///< bytes a second
    std::chrono::seconds audit_age{2160 * 3600};      ///< entries older than this are removed; 0: none
    std::chrono::seconds history_age{8760 * 3600};    ///< of tag histories, the same
    std::size_t history_entries = 1000;               ///< kept of each tag; 0: any number
};

}  // namespace ocilot::server
