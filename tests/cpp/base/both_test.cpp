#include "base/both.h"

#include "base/blocking_pool.h"
#include "run.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <gtest/gtest.h>
#include <latch>
#include <stdexcept>
#include <string>

using namespace ocilot;
using namespace ocilot::test;

namespace {

Task<int> now(int answer) {
    co_return answer;
}

Task<int> failing() {
    throw std::runtime_error("it failed");
    co_return 0;
}

/// Ends when as many wait for it as it was made for.
Task<Result<int>> meet(BlockingPool& pool, std::latch& all, int answer) {
    return pool.run([&all, answer]() -> Result<int> {
        all.arrive_and_wait();
        return answer;
    });
}

Task<std::string> caught(Task<std::pair<int, Result<int>>> task) {
    try {
        co_await std::move(task);
    } catch (std::exception const& problem) {
        co_return problem.what();
    }
    co_return "";
}

}  // namespace

TEST(Both, RunsThemSideBySideAndAnswersInTheirOrder) {
    BlockingPool pool(2);
    std::latch all(2);
    auto const [first, second] = run(both(meet(pool, all, 1), meet(pool, all, 2)));
    EXPECT_EQ(first.value(), 1);
    EXPECT_EQ(second.value(), 2);
}

TEST(Both, WaitsForNothingThatHasEnded) {
    EXPECT_EQ(run(both(now(1), now(2))), (std::pair{1, 2}));
}

TEST(Both, ThrowsWhenBothHaveEnded) {
    BlockingPool pool(1);
    bool ended = false;
    auto slow = [&]() -> Result<int> {
        ended = true;
        return 2;
    };
    EXPECT_EQ(run(caught(both(failing(), pool.run(slow)))), "it failed");
    EXPECT_TRUE(ended);
}

TEST(Both, ThrowsWhatTheSecondThrew) {
    auto const task = [](Task<std::pair<int, int>> both) -> Task<std::string> {
        try {
            co_await std::move(both);
        } catch (std::exception const& problem) {
            co_return problem.what();
        }
        co_return "";
    };
    EXPECT_EQ(run(task(both(now(1), failing()))), "it failed");
}

TEST(Both, WaitsForTheSecondWhenItIsCancelled) {
    BlockingPool pool(1);
    std::latch cancelled(1);
    bool ended = false;
    auto slow = [&]() -> Result<int> {
        cancelled.wait();
        ended = true;
        return 2;
    };
    asio::io_context context(1);
    asio::cancellation_signal signal;
    bool threw = false;
    asio::co_spawn(context.get_executor(), both(now(1), pool.run(slow)),
                   asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr const& problem, auto) {
                       threw = problem != nullptr;
                       EXPECT_TRUE(ended);
                   }));
    context.poll();
    signal.emit(asio::cancellation_type::terminal);
    cancelled.count_down();
    context.run();
    EXPECT_TRUE(ended);
    EXPECT_FALSE(threw) << "it had nothing more to wait for";
}
