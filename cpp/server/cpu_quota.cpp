#include "server/cpu_quota.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <utility>

namespace ocilot::server {

namespace {

/// Takes what comes before `mark` off the text.
std::string_view take(std::string_view& text, char mark) noexcept {
    auto const end = std::min(text.find(mark), text.size());
    auto const part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return part;
}

bool lists(std::string_view list, std::string_view word) noexcept {
    while (!list.empty()) {
        if (take(list, ',') == word) return true;
    }
    return false;
}

std::optional<std::int64_t> number(std::string_view text) noexcept {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
    std::int64_t value = 0;
    auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// A directory of a mounted hierarchy.
struct Mount {
    std::string_view root;  ///< the group that is mounted there
    std::string_view point;
};

/// `36 35 98:0 /root /point rw,noatime master:1 - cgroup2 cgroup rw`: what stands after the dash tells the
/// kind.
std::optional<Mount> mount_of(std::string_view mountinfo, bool unified) noexcept {
    while (!mountinfo.empty()) {
        auto line = take(mountinfo, '\n');
        for (int i = 0; i < 3; ++i) take(line, ' ');
        Mount const mount{take(line, ' '), take(line, ' ')};
        auto const dash = line.find(" - ");
        if (dash == line.npos) continue;
        line.remove_prefix(dash + 3);
        auto const kind = take(line, ' ');
        take(line, ' ');
        if (unified ? kind == "cgroup2" : kind == "cgroup" && lists(line, "cpu")) return mount;
    }
    return std::nullopt;
}

/// The directories of a group and of those around it, up to the one that is mounted.
std::vector<std::string> directories(std::optional<Mount> const& mount, std::string_view group) {
    std::vector<std::string> found;
    if (!mount) return found;
    // In a container the group may be named as the host sees it, and only a part of the hierarchy be there.
    if (mount->root != "/" && group.starts_with(mount->root)) group.remove_prefix(mount->root.size());
    while (group.ends_with('/')) group.remove_suffix(1);
    for (;;) {
        found.push_back(std::string(mount->point) + std::string(group));
        if (group.empty()) return found;
        group = group.substr(0, group.rfind('/'));
    }
}

}  // namespace

CgroupPaths cgroup_paths(std::string_view cgroup, std::string_view mountinfo) {
    CgroupPaths places;
    while (!cgroup.empty()) {
        auto line = take(cgroup, '\n');
        auto const hierarchy = take(line, ':');
        auto const controllers = take(line, ':');
        if (hierarchy == "0" && controllers.empty()) {
            places.unified = directories(mount_of(mountinfo, true), line);
        } else if (lists(controllers, "cpu")) {
            places.legacy = directories(mount_of(mountinfo, false), line);
        }
    }
    return places;
}

std::optional<double> parse_cpu_max(std::string_view text) noexcept {
    auto const quota = take(text, ' ');
    return parse_cfs_quota(quota, text);
}

std::optional<double> parse_cfs_quota(std::string_view quota, std::string_view period) noexcept {
    auto const allowed = number(quota);
    auto const of = number(period);
    if (!allowed || !of || *allowed <= 0 || *of <= 0) return std::nullopt;
    return static_cast<double>(*allowed) / static_cast<double>(*of);
}

unsigned threads_for(unsigned cpus, std::optional<double> quota) noexcept {
    auto const most = std::max(cpus, 1U);
    if (!quota || *quota >= most) return most;
    return std::max(static_cast<unsigned>(std::ceil(*quota)), 1U);
}

}  // namespace ocilot::server
