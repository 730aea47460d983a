#include "meta/commit_waiter.h"

#include "run.h"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <gtest/gtest.h>
#include <thread>

using namespace ocilot;
using namespace std::chrono_literals;

namespace {

constexpr auto for_ever = 24h;

/// Waits `times` times, and returns.
Task<> wait_for_commits(meta::CommitSignal& signal, int times, std::function<void()> before_each) {
    meta::CommitWaiter waiter(signal, co_await asio::this_coro::executor);
    for (int i = 0; i < times; ++i) {
        before_each();
        co_await waiter.wait(for_ever);
    }
}

Task<> wait_briefly(meta::CommitSignal& signal) {
    meta::CommitWaiter waiter(signal, co_await asio::this_coro::executor);
    co_await waiter.wait(1ms);
}

Task<> wake_first(meta::CommitSignal& signal) {
    meta::CommitWaiter waiter(signal, co_await asio::this_coro::executor);
    waiter.wake();
    co_await waiter.wait(for_ever);
}

/// Many commits at once, and then a wait that only another commit ends.
Task<> count_wakes(meta::CommitSignal& signal, int& wakes) {
    meta::CommitWaiter waiter(signal, co_await asio::this_coro::executor);
    for (int i = 0; i < 1000; ++i) signal.notify();
    co_await waiter.wait(for_ever);
    ++wakes;
    co_await waiter.wait(1ms);
}

}  // namespace

TEST(CommitWaiter, ACommitOnAnotherThreadEndsAWait) {
    meta::CommitSignal signal;
    std::vector<std::thread> threads;
    ocilot::test::run(wait_for_commits(signal, 3, [&] { threads.emplace_back([&] { signal.notify(); }); }));
    for (auto& thread : threads) thread.join();
}

TEST(CommitWaiter, ACommitBeforeTheWaitEndsIt) {
    meta::CommitSignal signal;
    ocilot::test::run(wait_for_commits(signal, 2, [&] { signal.notify(); }));
}

TEST(CommitWaiter, AWaitEndsByItself) {
    meta::CommitSignal signal;
    ocilot::test::run(wait_briefly(signal));
}

TEST(CommitWaiter, CanBeWokenBeforeItWaits) {
    meta::CommitSignal signal;
    ocilot::test::run(wake_first(signal));
}

TEST(CommitWaiter, ManyCommitsAreOneMessage) {
    meta::CommitSignal signal;
    int wakes = 0;
    ocilot::test::run(count_wakes(signal, wakes));
    EXPECT_EQ(wakes, 1);
    signal.notify();  // Nobody waits any more.
}
