#pragma once

#include <string>
#include <vector>

namespace ocilot::server {

/// Metrics and health (`ocilot.metrics`).
struct OperationsSettings {
    std::vector<std::string> metrics_readers;  ///< subjects, as in rules of access, besides administrators
};

}  // namespace ocilot::server
