#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace ocilot::server {

/// Which tags are deleted (`ocilot.retention`).
struct RetentionSettings {
    std::string policies = "[]";               ///< as JSON, see retention::parse_policies
    std::chrono::seconds interval{24 * 3600};  ///< of policies without a schedule
    bool first_run_applies = false;  ///< whether plans of new rules are applied without an administrator
    std::vector<std::string> networks = {};  ///< private ones from which lists of images may be fetched
};

}  // namespace ocilot::server
