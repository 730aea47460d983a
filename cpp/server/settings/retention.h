#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace ocilot::server {

/// Which tags are deleted (`ocilot.retention`).
struct RetentionSettings {
    bool scheduled = true;                     ///< whether plans are made and applied by themselves
    std::string policies = "[]";               ///< as JSON, see retention::parse_policies
    std::chrono::seconds interval{24 * 3600};  ///< of policies without a schedule
    bool first_run_applies = false;  ///< whether plans of new rules are applied without an administrator
    std::string timezone = "UTC";    ///< of the times of day in schedules
    /// Its offsets from UTC in seconds, each after the second since 1970 since when it applies; empty: UTC.
    std::vector<std::pair<std::int64_t, std::int64_t>> offsets = {};
    std::vector<std::string> readers = {};   ///< subjects who may make plans, besides administrators
    std::vector<std::string> networks = {};  ///< private ones from which lists of images may be fetched
};

}  // namespace ocilot::server
