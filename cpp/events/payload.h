#pragma once

#include <string>
#include <utility>
#include <vector>

namespace ocilot::events {

/// The body of one request to a receiver, and its headers.
struct Payload {
    std::string id;  ///< for receivers that want each once: that of its event, or of the first of several
    std::string content_type;
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string body = {};
};

}  // namespace ocilot::events
