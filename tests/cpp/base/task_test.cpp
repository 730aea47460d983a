#include "base/blocking_pool.h"
#include "base/task_group.h"
#include "run.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <gtest/gtest.h>
#include <thread>

using namespace ocilot;

namespace {

Task<Result<int>> half(int n) {
    if (n % 2 != 0) co_return Error{Errc::internal, "odd"};
    co_return n / 2;
}

Task<Result<int>> quarter(int n) {
    CO_TRY(auto const first, co_await half(n));
    CO_TRY(auto const second, co_await half(first));
    co_return second;
}

Task<Result<std::thread::id>> where(BlockingPool& pool) {
    co_return co_await pool.run([]() -> Result<std::thread::id> { return std::this_thread::get_id(); });
}

Task<> wait_for_ever(int& ended) {
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                               Executor>
        timer(co_await asio::this_coro::executor, std::chrono::steady_clock::time_point::max());
    auto [failure] = co_await timer.async_wait(asio::as_tuple(use_task));
    if (failure) ++ended;
}

Task<> wait_twice(int& ended) {
    co_await wait_for_ever(ended);
    co_await wait_for_ever(ended);
    ADD_FAILURE() << "a cancelled task went on";
}

Task<> cancel_all(int& ended) {
    TaskGroup group(co_await asio::this_coro::executor);
    group.spawn(wait_twice(ended));
    group.spawn(wait_for_ever(ended));
    co_await asio::post(use_task);
    EXPECT_EQ(group.size(), 2U);
    group.cancel();
    co_await group.join();
    EXPECT_EQ(group.size(), 0U);
}

Task<> fail(int& left) {
    --left;
    co_await asio::post(use_task);
    throw std::bad_alloc();
}

Task<> join_with_report(std::vector<std::string>& reports, int& left) {
    TaskGroup group(co_await asio::this_coro::executor,
                    [&reports](std::string_view what) { reports.emplace_back(what); });
    group.spawn(fail(left));
    group.spawn(fail(left));
    co_await group.join();
    EXPECT_EQ(group.size(), 0U);
}

Task<> join_without_report(int& left, int& ended) {
    TaskGroup group(co_await asio::this_coro::executor);
    group.spawn(fail(left));
    group.spawn(fail(left));
    std::string what;
    try {
        co_await group.join();
    } catch (std::bad_alloc const& problem) {
        what = problem.what();
    }
    EXPECT_EQ(what, "std::bad_alloc");
    EXPECT_EQ(group.size(), 0U);
    group.spawn(wait_for_ever(ended));
    co_await asio::post(use_task);
    group.cancel();
    co_await group.join();
}

}  // namespace

TEST(Task, HandsAnErrorToWhoeverAwaits) {
    EXPECT_EQ(test::run(quarter(12)).value(), 3);
    EXPECT_EQ(test::run(quarter(6)).error().message, "odd");
}

TEST(BlockingPool, RunsWorkOnAThreadOfItsOwnAndAnswersItsResult) {
    BlockingPool pool(1);
    EXPECT_NE(test::run(where(pool)).value(), std::this_thread::get_id());
}

TEST(BlockingPool, TurnsAnExceptionIntoAnError) {
    BlockingPool pool(1);
    auto const failed = test::run(pool.run([]() -> Result<int> { throw std::runtime_error("broken"); }));
    EXPECT_EQ(failed.error().message, "broken");
}

TEST(TaskGroup, CancelsItsTasksAndWaitsForThem) {
    int ended = 0;
    test::run(cancel_all(ended));
    EXPECT_EQ(ended, 2);
}

TEST(TaskGroup, ReportsAnExceptionAndGoesOn) {
    std::vector<std::string> reports;
    int left = 2;
    test::run(join_with_report(reports, left));
    EXPECT_EQ(left, 0);
    EXPECT_EQ(reports, (std::vector<std::string>{"std::bad_alloc", "std::bad_alloc"}));
}

TEST(TaskGroup, HandsAnExceptionToWhoeverJoinsOnceAllTasksHaveEnded) {
    int left = 2;
    int ended = 0;
    test::run(join_without_report(left, ended));
    EXPECT_EQ(left, 0);
    EXPECT_EQ(ended, 1);
}
