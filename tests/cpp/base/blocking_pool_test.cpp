#include "base/blocking_pool.h"

#include "run.h"

#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>
#include <latch>
#include <set>

using namespace ocilot;

namespace {

using Ids = std::set<std::thread::id>;

Task<> meet(BlockingPool& pool, std::latch& all_there, Ids& threads) {
    auto const thread = co_await pool.run([&all_there]() -> Result<std::thread::id> {
        all_there.arrive_and_wait();
        return std::this_thread::get_id();
    });
    threads.insert(*thread);
}

Task<> stay(BlockingPool& pool, std::latch& begun, std::latch& may_end) {
    co_await pool.run([&]() -> Result<> {
        begun.count_down();
        may_end.wait();
        return {};
    });
}

Task<Result<std::thread::id>> where(BlockingPool& pool) {
    return pool.run([]() -> Result<std::thread::id> { return std::this_thread::get_id(); });
}

std::int64_t gauge(Metrics& metrics, std::string_view name) {
    return metrics.gauge(name, "", {{"pool", "test"}}).value();
}

Task<Result<std::vector<int>>> numbers(BlockingPool& pool, std::latch& all_there, int count) {
    struct Number {
        std::latch& all_there;
        int value;
        Result<int> operator()() const {
            all_there.arrive_and_wait();
            if (value == 7) return Error{Errc::io, "seven"};
            return value;
        }
    };
    std::vector<Number> works;
    for (int i = 0; i < count; ++i) works.push_back({all_there, i});
    auto answers = co_await pool.run_all(std::move(works));
    std::vector<int> found;
    for (auto& answer : answers) {
        CO_TRY(auto const value, std::move(answer));
        found.push_back(value);
    }
    co_return found;
}

}  // namespace

TEST(BlockingPool, RunsAllSideBySideAndAnswersInTheirOrder) {
    BlockingPool pool(4);
    std::latch four(4);
    EXPECT_EQ(test::run(numbers(pool, four, 4)).value(), (std::vector{0, 1, 2, 3}));
    std::latch none(0);
    EXPECT_TRUE(test::run(numbers(pool, none, 0)).value().empty());
}

TEST(BlockingPool, AnswersTheErrorOfOneOfAll) {
    BlockingPool pool(8);
    std::latch eight(8);
    EXPECT_EQ(test::run(numbers(pool, eight, 8)).error().message, "seven");
}

TEST(BlockingPool, RunsAsManyCallsAtOnceAsItHasThreads) {
    BlockingPool pool(4);
    std::latch all_there(4);
    Ids threads;
    asio::io_context context(1);
    for (int i = 0; i < 4; ++i) {
        asio::co_spawn(context, meet(pool, all_there, threads), [](std::exception_ptr) {});
    }
    context.run();
    EXPECT_EQ(threads.size(), 4U);
}

TEST(BlockingPool, CallsOneAfterTheOtherTakeNoMoreThreads) {
    Metrics metrics;
    BlockingPool pool(8, metrics, "test");
    Ids threads;
    for (int i = 0; i < 50; ++i) {
        threads.insert(test::run(where(pool)).value());
        // The answer may come before the thread is idle again.
        while (gauge(metrics, "ocilot_pool_busy") != 0) std::this_thread::yield();
    }
    EXPECT_EQ(threads.size(), 1U);
}

TEST(BlockingPool, TellsWhatWaitsAndWhatRuns) {
    Metrics metrics;
    BlockingPool pool(1, metrics, "test");
    EXPECT_EQ(gauge(metrics, "ocilot_pool_threads"), 1);
    std::latch begun(1);
    std::latch may_end(1);
    asio::io_context context(1);
    std::latch never(3);
    for (int i = 0; i < 3; ++i) {
        asio::co_spawn(context, stay(pool, i == 0 ? begun : never, may_end), [](std::exception_ptr) {});
    }
    context.poll();
    begun.wait();
    EXPECT_EQ(gauge(metrics, "ocilot_pool_busy"), 1);
    EXPECT_EQ(gauge(metrics, "ocilot_pool_queue"), 2);
    may_end.count_down();
    context.run();
    EXPECT_EQ(gauge(metrics, "ocilot_pool_queue"), 0);
}
