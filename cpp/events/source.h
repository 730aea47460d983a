#pragma once

#include <string>

namespace ocilot::events {

/// The registry that events come from.
struct Source {
    std::string url = {};       ///< `https://registry.example.com`, or empty if only requests know it
    std::string prefix = {};    ///< path below which it answers, such as `/registry`; usually empty
    std::string address = {};   ///< `HOST:PORT` that it listens on
    std::string instance = {};  ///< unique among the processes of a registry
};

}  // namespace ocilot::events
