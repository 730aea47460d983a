#include "base/aside.h"

#include "run.h"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <chrono>
#include <cstddef>
#include <gtest/gtest.h>
#include <latch>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace ocilot;
using namespace ocilot::test;

namespace {

using Where = Result<std::thread::id>;

/// An I/O context with its thread, and what runs tasks of others on it.
class Elsewhere {
  public:
    explicit Elsewhere(std::size_t at_once)
        : aside(context_.get_executor(), at_once, metrics, "plan"), thread_([this] { context_.run(); }) {}
    Elsewhere(Elsewhere const&) = delete;
    Elsewhere& operator=(Elsewhere const&) = delete;
    ~Elsewhere() {
        work_.reset();
        thread_.join();
    }
    [[nodiscard]] std::thread::id thread() const { return thread_.get_id(); }

    Metrics metrics;

  private:
    asio::io_context context_{1};
    asio::executor_work_guard<Executor> work_{context_.get_executor()};

  public:
    Aside aside;

  private:
    std::thread thread_;
};

Task<Where> where() {
    co_return std::this_thread::get_id();
}

Task<Result<std::string>> failing(bool throws) {
    if (throws) throw std::runtime_error("it failed");
    co_return Error{Errc::conflict, "it is there"};
}

/// Of the task, and of its caller afterwards.
using Threads = std::pair<std::thread::id, std::thread::id>;

Task<Result<Threads>> there_and_back(Aside& aside) {
    CO_TRY(auto const there, co_await aside.run(where()));
    co_return Threads{there, std::this_thread::get_id()};
}

/// How many run, on the one thread that they run on, and when two have begun.
struct Count {
    int now = 0;
    int most = 0;
    std::latch two{2};
};

/// Waits until it is cancelled.
Task<Result<int>> wait_for_ever(Count& count) {
    using Clock = std::chrono::steady_clock;
    if (++count.now > count.most) {
        count.most = count.now;
        if (count.most <= 2) count.two.count_down();
    }
    asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor> timer(
        co_await asio::this_coro::executor, Clock::time_point::max());
    boost::system::error_code ended;
    co_await timer.async_wait(asio::redirect_error(use_task, ended));
    --count.now;
    co_return Error{Errc::cancelled, "it was cancelled"};
}

}  // namespace

TEST(AsideTest, RunsThereAndGoesOnHere) {
    Elsewhere elsewhere(1);
    auto& aside = elsewhere.aside;
    auto const [there, here] = run(there_and_back(aside)).value();
    EXPECT_EQ(there, elsewhere.thread());
    EXPECT_EQ(here, std::this_thread::get_id());
}

TEST(AsideTest, AnswersErrorsAndWhatThrowsIsAnInternalOne) {
    Elsewhere elsewhere(1);
    auto& aside = elsewhere.aside;
    EXPECT_EQ(run(aside.run(failing(false))).error().code, Errc::conflict);
    auto const thrown = run(aside.run(failing(true))).error();
    EXPECT_EQ(thrown.code, Errc::internal);
    EXPECT_EQ(thrown.message, "it failed");
}

TEST(AsideTest, RunsSoManyAtOnceAndCancelsThoseThatWaitForTheirTurnToo) {
    Count count;
    {
        Elsewhere elsewhere(2);
        auto& aside = elsewhere.aside;
        auto const wait = [&] {
            EXPECT_EQ(run(aside.run(wait_for_ever(count))).error().code, Errc::cancelled);
        };
        std::vector<std::thread> callers;
        for (int i = 0; i < 5; ++i) callers.emplace_back(wait);
        count.two.wait();
        aside.cancel();
        for (auto& caller : callers) caller.join();
        wait();  // What begins later ends, too.
    }
    EXPECT_EQ(count.now, 0);
    EXPECT_EQ(count.most, 2);
}
