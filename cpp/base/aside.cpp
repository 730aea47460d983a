#include "base/aside.h"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <chrono>
#include <cstdint>
#include <string>

namespace ocilot {

namespace {

using SteadyTimer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                               asio::wait_traits<std::chrono::steady_clock>, Executor>;

constexpr std::chrono::milliseconds glance{10};  // Between two looks at what is still running.

}  // namespace

Aside::Aside(Executor executor, std::size_t at_once, Metrics& metrics, std::string_view name)
    : executor_(executor),
      at_once_(at_once),
      queued_(metrics.gauge("ocilot_pool_queue", "Blocking calls waiting for a thread.",
                            {{"pool", std::string(name)}})),
      busy_now_(
          metrics.gauge("ocilot_pool_busy", "Blocking calls in progress.", {{"pool", std::string(name)}})),
      running_(executor),
      ending_(executor) {
    metrics.gauge("ocilot_pool_threads", "Maximum threads for blocking calls.", {{"pool", std::string(name)}})
        .set(static_cast<std::int64_t>(at_once));
}

void Aside::cancel() {
    asio::post(executor_, [this] {
        cancelled_ = true;
        end_all();
    });
}

void Aside::add(Task<> work) {
    waiting_.push_back(std::move(work));
    queued_.add(1);
    start_waiting();
    if (cancelled_) end_all();
}

void Aside::start_waiting() {
    while (busy_ < at_once_ && !waiting_.empty()) {
        ++busy_;
        queued_.add(-1);
        busy_now_.add(1);
        auto next = std::move(waiting_.front());
        waiting_.pop_front();
        running_.spawn(one(std::move(next)));
    }
}

Task<> Aside::one(Task<> work) {
    co_await std::move(work);
    --busy_;
    busy_now_.add(-1);
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
