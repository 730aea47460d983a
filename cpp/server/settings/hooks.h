#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ocilot::server {

/// A script that is told of events.
struct HookListenerSettings {
    std::string name = {};
    std::vector<std::string> events = {};                       ///< points, such as `on_tag_moved`
    std::optional<std::vector<std::string>> repositories = {};  ///< patterns; nullopt: all
    double deadline = 5;                                        ///< seconds for one event
    std::string caller = {};  ///< whose changes it is not told, such as `robot:ci`; empty: all are told
};

/// What scripts answer from the first request on.
struct HookSettings {
    std::vector<std::pair<std::string, double>> points = {};  ///< each with its deadline in seconds
    /// nullopt: no events are told, and places of scripts stay as they are. None, and no points: there are no
    /// scripts, and the places of former ones are forgotten.
    std::optional<std::vector<HookListenerSettings>> listeners = {};
};

}  // namespace ocilot::server
