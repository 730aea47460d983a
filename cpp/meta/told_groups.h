#pragma once

#include <string>
#include <vector>

namespace ocilot::meta {

/// The groups of a caller that an Actor has: the first ones, at most 32 names and 1 KiB in all.
[[nodiscard]] std::vector<std::string> told_groups(std::vector<std::string> const& groups);

}  // namespace ocilot::meta
