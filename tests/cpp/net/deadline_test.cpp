#include "net/deadline.h"

#include "run.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <gtest/gtest.h>
#include <optional>

using namespace ocilot;
using namespace std::chrono_literals;

namespace {

using Ticks = std::chrono::steady_clock;
using Bell = asio::basic_waitable_timer<Ticks, asio::wait_traits<Ticks>, Executor>;

Task<> ring(Bell& bell) {
    auto const [woken] = co_await bell.async_wait(asio::as_tuple(use_task));
    EXPECT_TRUE(woken);
}

Task<> bring_forward() {
    auto executor = co_await asio::this_coro::executor;
    Bell bell(executor, Ticks::time_point::max());
    net::Deadline deadline(executor, [&bell] { bell.cancel(); });
    deadline.expires_after(1h);
    deadline.expires_after(1ms);
    EXPECT_FALSE(deadline.passed());
    co_await ring(bell);
    EXPECT_TRUE(deadline.passed());
    deadline.expires_after(0ms);
    EXPECT_FALSE(deadline.passed());
}

Task<> put_off() {
    auto executor = co_await asio::this_coro::executor;
    Bell bell(executor, Ticks::time_point::max());
    net::Deadline lifted(executor, [] { ADD_FAILURE() << "a deadline that was lifted"; });
    net::Deadline later(executor, [] { ADD_FAILURE() << "a deadline that was put off"; });
    net::Deadline last(executor, [&bell] { bell.cancel(); });
    lifted.expires_after(1ms);
    lifted.expires_after(0ms);
    later.expires_after(1ms);
    later.expires_after(1h);
    last.expires_after(2ms);
    co_await ring(bell);
    EXPECT_FALSE(lifted.passed() || later.passed());
}

}  // namespace

TEST(Deadline, PassesAtTheEarliestTimeThatWasSetLast) {
    test::run(bring_forward());
}

TEST(Deadline, ThatWasPutOffOrLiftedDoesNotPass) {
    test::run(put_off());
}

TEST(Deadline, MayBeDestroyedAfterItsTimerFired) {
    asio::io_context context(1);
    auto executor = context.get_executor();
    std::optional<net::Deadline> second;
    net::Deadline first(executor, [&second] { second.reset(); });
    second.emplace(executor, [] { ADD_FAILURE() << "a deadline that is gone"; });
    // Both are due when the context looks at its timers, so both handlers are queued when the first runs.
    first.expires_after(1ms);
    second->expires_after(1ms);
    context.run();
    EXPECT_FALSE(second.has_value());
}
