#include "server/sync_wait.h"

#include "run.h"

#include <atomic>
#include <boost/asio/prefer.hpp>
#include <boost/asio/this_coro.hpp>
#include <chrono>
#include <gtest/gtest.h>
#include <latch>
#include <thread>

using namespace ocilot;

namespace {

struct Thrown : std::exception {};

/// A Task that throws while another thread is still in its context.
class Thrower {
  public:
    Task<Result<int>> task() {
        auto const executor = co_await asio::this_coro::executor;
        thread_ =
            std::jthread([this, work = asio::prefer(executor, asio::execution::outstanding_work.tracked)] {
                throwing_.wait();
                std::this_thread::sleep_for(std::chrono::milliseconds(20));
                left = true;
            });
        throwing_.count_down();
        throw Thrown();
    }
    std::atomic<bool> left = false;

  private:
    std::latch throwing_{1};
    std::jthread thread_;
};

}  // namespace

TEST(SyncWait, ThrowsOnlyWhenNoThreadIsInTheContextAnyMore) {
    Thrower thrower;
    EXPECT_THROW(static_cast<void>(server::sync_wait(thrower.task())), Thrown);
    EXPECT_TRUE(thrower.left);
}

TEST(Run, ThrowsOnlyWhenNoThreadIsInTheContextAnyMore) {
    Thrower thrower;
    EXPECT_THROW(static_cast<void>(test::run(thrower.task())), Thrown);
    EXPECT_TRUE(thrower.left);
}
