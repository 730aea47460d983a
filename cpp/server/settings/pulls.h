#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace ocilot::server {

/// How pulls are counted (`ocilot.pulls`).
struct PullSettings {
    std::vector<std::string> ignore;    ///< subjects whose pulls do not count, see auth::IgnoredPulls
    std::chrono::seconds interval{60};  ///< from one batch to the next
};

}  // namespace ocilot::server
