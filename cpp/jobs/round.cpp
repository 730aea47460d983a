#include "jobs/round.h"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>

namespace ocilot::jobs {

Result<> Round::check() const {
    if (cancelled()) return Error{Errc::cancelled, "round cancelled"};
    return {};
}

Task<Result<>> Round::pause_until(Ticks::time_point time) const {
    asio::basic_waitable_timer<Ticks, asio::wait_traits<Ticks>, Executor> timer(
        co_await asio::this_coro::executor, time);
    do {
        CO_CHECK(check());
        boost::system::error_code ended;
        co_await timer.async_wait(asio::redirect_error(use_task, ended));
    } while (Ticks::now() < time);
    co_return check();
}

}  // namespace ocilot::jobs
