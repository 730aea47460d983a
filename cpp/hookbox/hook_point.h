#pragma once

#include "base/result.h"
#include "hookbox/topic.h"

#include <chrono>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace ocilot::hookbox {

/// A point that scripts answer, and how long they may take.
struct HookPoint {
    Topic topic;
    std::chrono::milliseconds deadline;
};

/// Reads points by name with deadlines in seconds. config for an unknown name, or a deadline that is not
/// between a millisecond and an hour.
[[nodiscard]] Result<std::vector<HookPoint>> parse_hook_points(
    std::span<std::pair<std::string, double> const> named);

}  // namespace ocilot::hookbox
