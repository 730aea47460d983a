#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::server {

/// Where the quota of this process may be: directories of control groups, its own first, then those around
/// it.
struct CgroupPaths {
    std::vector<std::string> unified;  ///< version 2: a file `cpu.max` in each
    std::vector<std::string> legacy;   ///< version 1: `cpu.cfs_quota_us` and `cpu.cfs_period_us` in each
};

/// From the text of `/proc/self/cgroup` and `/proc/self/mountinfo`.
[[nodiscard]] CgroupPaths cgroup_paths(std::string_view cgroup, std::string_view mountinfo);

/// CPUs that `cpu.max` allows (`150000 100000` is 1.5); nullopt: any number, or it is not understood.
[[nodiscard]] std::optional<double> parse_cpu_max(std::string_view text) noexcept;

/// The same of version 1: a quota of -1 is any number.
[[nodiscard]] std::optional<double> parse_cfs_quota(std::string_view quota, std::string_view period) noexcept;

/// Threads for so many CPUs, of which a quota allows a part: a part of a CPU counts as one.
[[nodiscard]] unsigned threads_for(unsigned cpus, std::optional<double> quota) noexcept;

}  // namespace ocilot::server
