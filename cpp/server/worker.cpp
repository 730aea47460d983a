#include "server/worker.h"

#include "base/signals_blocked.h"
#include "net/http_connection_pool.h"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>

namespace ocilot::server {

namespace {

using SteadyTimer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                               asio::wait_traits<std::chrono::steady_clock>, Executor>;

constexpr std::chrono::milliseconds glance{10};  // Between two looks at what is still running at the end.

/// Runs a task so that cancellation shows as an error of the operation under way, not as an exception.
Task<> quietly(Task<> task) {
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await std::move(task);
}

}  // namespace

Worker::Worker(Metrics& metrics, Log const& log, Turns turns)
    : turns_(turns),
      busy_(context_.get_executor()),
      log_(log),
      internal_errors_(metrics.counter("ocilot_internal_errors_total",
                                       "Exceptions that aborted a connection or a background task.")),
      metrics_(metrics),
      connections_(context_.get_executor(), report("connection")),
      background_(context_.get_executor(), report("background")),
      ending_(context_.get_executor(), report("drain")) {}

TaskGroup::Report Worker::report(std::string_view of) {
    return [this, of](std::string_view what) { note_exception(of, what); };
}

void Worker::note_exception(std::string_view of, std::string_view what) noexcept {
    internal_errors_.add();
    log_.error("task aborted by an internal error", {{"task", of}, {"err", what}});
}

void Worker::add_listener(net::Acceptor acceptor, net::TlsCertificates const* certificates,
                          SessionContext context) {
    listeners_.push_back(
        std::make_unique<Listener>(std::move(acceptor), certificates, context, connections_));
}

void Worker::add_background(Task<> task) {
    waiting_.push_back(quietly(std::move(task)));
}

void Worker::start() {
    for (auto const& listener : listeners_) background_.spawn(listener->run());
    for (auto& task : waiting_) background_.spawn(std::move(task));
    waiting_.clear();
    SignalsBlocked const blocked;
    thread_ = std::thread([this] { serve(); });
}

/// The last door of the thread: a handler that throws is over, those that wait behind it are not.
void Worker::serve() {
    take_turns(turns_);
    for (;;) {
        try {
            context_.run();
            return;
        } catch (std::exception const& problem) {
            note_exception("handler", problem.what());
        } catch (...) {
            note_exception("handler", "exception of an unknown type");
        }
    }
}

void Worker::finish(std::chrono::milliseconds drain_time, std::function<void()> drop) {
    asio::post(context_, [this, drain_time, last = std::move(drop)]() mutable {
        ending_.spawn(wind_up(drain_time, std::move(last)));
    });
}

void Worker::join() {
    if (thread_.joinable()) thread_.join();
}

Task<> Worker::wind_up(std::chrono::milliseconds drain_time, std::function<void()> drop) {
    for (auto const& listener : listeners_) listener->drain();
    SteadyTimer timer(context_.get_executor());
    boost::system::error_code ignored;
    auto const late = std::chrono::steady_clock::now() + drain_time;
    while (connections_.size() > 0) {
        if (std::chrono::steady_clock::now() >= late) {
            for (auto const& listener : listeners_) listener->drop();
            drop();
            connections_.cancel();  // Again and again: it reaches only what waits at this moment.
        }
        timer.expires_after(glance);
        co_await timer.async_wait(asio::redirect_error(use_task, ignored));
    }
    while (background_.size() > 0) {
        background_.cancel();
        timer.expires_after(glance);
        co_await timer.async_wait(asio::redirect_error(use_task, ignored));
    }
    net::HttpConnectionPool::of(context_.get_executor()).close();  // What waits there would keep the thread.
    busy_.reset();
}

}  // namespace ocilot::server
