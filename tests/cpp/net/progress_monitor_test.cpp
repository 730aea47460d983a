#include "net/progress_monitor.h"

#include <gtest/gtest.h>

using namespace std::chrono_literals;
using ocilot::net::ProgressMonitor;

namespace {

ProgressMonitor::Ticks::time_point at(std::chrono::seconds seconds) {
    return ProgressMonitor::Ticks::time_point(seconds);
}

}  // namespace

TEST(ProgressMonitor, IsNotWatchedBeforeTheFirstWait) {
    EXPECT_FALSE(ProgressMonitor(10s).watched());
}

TEST(ProgressMonitor, IsStalledWhenNothingMovedForTheWholeLimit) {
    ProgressMonitor monitor(100s);
    monitor.watch(at(0s), 7);
    EXPECT_TRUE(monitor.watched());
    EXPECT_FALSE(monitor.stalled(at(99s), 7));
    EXPECT_EQ(monitor.next_look(), at(100s));
    EXPECT_TRUE(monitor.stalled(at(100s), 7));
}

TEST(ProgressMonitor, IsRenewedByOneByteForEver) {
    ProgressMonitor monitor(100s);
    monitor.watch(at(0s), 0);
    for (int i = 1; i <= 1000; ++i) EXPECT_FALSE(monitor.stalled(at(99s * i), static_cast<unsigned>(i)));
    EXPECT_FALSE(monitor.stalled(at(99'099s), 1000));
    EXPECT_TRUE(monitor.stalled(at(99'100s), 1000));
}

TEST(ProgressMonitor, IsLookedForInQuartersOfItsLimit) {
    ProgressMonitor monitor(100s);
    monitor.watch(at(0s), 0);
    EXPECT_EQ(monitor.next_look(), at(25s));
    EXPECT_FALSE(monitor.stalled(at(25s), 1));
    EXPECT_EQ(monitor.next_look(), at(50s));
    EXPECT_FALSE(monitor.stalled(at(120s), 1));
    EXPECT_EQ(monitor.next_look(), at(125s)) << "the limit counts from the progress";
}
