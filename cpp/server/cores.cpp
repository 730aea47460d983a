#include "server/cores.h"

#include "base/read_file.h"
#include "server/cpu_quota.h"

#include <algorithm>
#include <sched.h>
#include <thread>

namespace ocilot::server {

namespace {

constexpr std::size_t longest = 64 * 1024;              // Bytes of a file of a control group.
constexpr std::size_t longest_mountinfo = 1024 * 1024;  // Bytes: a host of many containers has many mounts.

/// Empty if it is not there: then it limits nothing.
std::string text_of(std::string const& path, std::size_t most = longest) {
    auto text = read_file(path, most);
    return text.has_value() ? std::move(*text) : std::string();
}

/// CPUs that the control groups of this process allow, the tightest of them.
std::optional<double> quota() {
    auto const places =
        cgroup_paths(text_of("/proc/self/cgroup"), text_of("/proc/self/mountinfo", longest_mountinfo));
    std::optional<double> tightest;
    auto const limit = [&tightest](std::optional<double> found) {
        if (found) tightest = std::min(tightest.value_or(*found), *found);
    };
    for (auto const& directory : places.unified) limit(parse_cpu_max(text_of(directory + "/cpu.max")));
    for (auto const& directory : places.legacy) {
        limit(parse_cfs_quota(text_of(directory + "/cpu.cfs_quota_us"),
                              text_of(directory + "/cpu.cfs_period_us")));
    }
    return tightest;
}

unsigned cpus_to_run_on() noexcept {
    cpu_set_t allowed;
    if (::sched_getaffinity(0, sizeof(allowed), &allowed) == 0)
        return static_cast<unsigned>(CPU_COUNT(&allowed));
    return std::thread::hardware_concurrency();  // More cores than the mask has room for.
}

}  // namespace

unsigned usable_cores() {
    return threads_for(cpus_to_run_on(), quota());
}

}  // namespace ocilot::server
