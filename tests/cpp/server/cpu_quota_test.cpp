#include "server/cpu_quota.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace ocilot::server;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

constexpr std::string_view unified_mount =
    "24 1 0:22 / /proc rw - proc proc rw\n"
    "31 24 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr std::string_view legacy_mounts =
    "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
    "33 31 0:30 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw master:11 - cgroup cgroup rw,cpu,cpuacct\n";

}  // namespace

TEST(CpuQuota, IsReadFromVersionTwo) {
    EXPECT_EQ(parse_cpu_max("150000 100000\n"), 1.5);
    EXPECT_EQ(parse_cpu_max("max 100000\n"), std::nullopt);
    for (auto const* text : {"", "max", "1 0\n", "-5 10\n", "x y\n", "100000\n"}) {
        EXPECT_EQ(parse_cpu_max(text), std::nullopt) << text;
    }
}

TEST(CpuQuota, IsReadFromVersionOne) {
    EXPECT_EQ(parse_cfs_quota("50000\n", "100000\n"), 0.5);
    EXPECT_EQ(parse_cfs_quota("-1\n", "100000\n"), std::nullopt);
    EXPECT_EQ(parse_cfs_quota("100\n", "0\n"), std::nullopt);
}

TEST(CpuQuota, IsLookedForInTheGroupAndInThoseAroundIt) {
    auto const places = cgroup_paths("0::/system.slice/ocilot.service\n", unified_mount);
    EXPECT_THAT(places.unified, ElementsAre("/sys/fs/cgroup/system.slice/ocilot.service",
                                            "/sys/fs/cgroup/system.slice", "/sys/fs/cgroup"));
    EXPECT_THAT(places.legacy, IsEmpty());
}

TEST(CpuQuota, OfAContainerIsAtTheRootOfItsMount) {
    EXPECT_THAT(cgroup_paths("0::/\n", unified_mount).unified, ElementsAre("/sys/fs/cgroup"));
    constexpr std::string_view part =
        "32 31 0:29 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu,cpuacct\n";
    auto const places = cgroup_paths("4:memory:/docker/abc\n3:cpuacct,cpu:/docker/abc\n", part);
    EXPECT_THAT(places.legacy, ElementsAre("/sys/fs/cgroup/cpu"));
}

TEST(CpuQuota, OfVersionOneIsThatOfTheCpuController) {
    auto const places =
        cgroup_paths("5:cpuset:/a\n3:cpu,cpuacct:/b\n1:name=systemd:/c\n0::/d\n", legacy_mounts);
    EXPECT_THAT(places.legacy, ElementsAre("/sys/fs/cgroup/cpu,cpuacct/b", "/sys/fs/cgroup/cpu,cpuacct"));
    EXPECT_THAT(places.unified, IsEmpty()) << "version 2 is not mounted";
    EXPECT_THAT(cgroup_paths("", "").legacy, IsEmpty());
}

TEST(CpuQuota, LimitsTheThreadsAndLeavesOneAtLeast) {
    EXPECT_EQ(threads_for(16, 1.5), 2U);
    EXPECT_EQ(threads_for(16, 0.1), 1U);
    EXPECT_EQ(threads_for(2, 8.0), 2U);
    EXPECT_EQ(threads_for(4, std::nullopt), 4U);
    EXPECT_EQ(threads_for(0, std::nullopt), 1U);
}
