#include "base/aside.h"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <chrono>

namespace ocilot {

namespace {

using SteadyTimer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                               asio::wait_traits<std::chrono::steady_clock>, Executor>;

constexpr std::chrono::milliseconds glance{10};  // Between two looks at what is still running.

}  // namespace

Aside::Aside(Executor executor, std::size_t at_once)
    : executor_(executor), at_once_(at_once), running_(executor), ending_(executor) {}

void Aside::cancel() {
    asio::post(executor_, [this] {
        cancelled_ = true;
        end_all();
    });
}

void Aside::add(Task<> work) {
    waiting_.push_back(std::move(work));
    start_waiting();
    if (cancelled_) end_all();
}

void Aside::start_waiting() {
    while (busy_ < at_once_ && !waiting_.empty()) {
        ++busy_;
        auto next = std::move(waiting_.front());
        waiting_.pop_front();
        running_.spawn(one(std::move(next)));
    }
}

Task<> Aside::one(Task<> work) {
    co_await std::move(work);
    --busy_;
    start_waiting();
}

void Aside::end_all() {
    if (!std::exchange(ends_all_, true)) ending_.spawn(keep_cancelling());
}

/// Again and again: it reaches only what waits at this moment.
Task<> Aside::keep_cancelling() {
    SteadyTimer timer(executor_);
    boost::system::error_code ignored;
    while (busy_ > 0) {
        running_.cancel();
        timer.expires_after(glance);
        co_await timer.async_wait(asio::redirect_error(use_task, ignored));
    }
    ends_all_ = false;
}

}  // namespace ocilot
