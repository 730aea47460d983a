#pragma once

#include "base/task_group.h"
#include "base/turns.h"
#include "server/listener.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace ocilot::server {

/// One I/O thread with its context, its listeners and what runs in the background. Set up first, then
/// started, then finished; the thread runs only in between. An exception that leaves a task or a handler is
/// logged and counted (`ocilot_internal_errors_total`); the thread goes on.
class Worker {
  public:
    /// Metrics and log must outlive it.
    Worker(Metrics& metrics, Log const& log, Turns turns);
    /// The thread must not be running.
    ~Worker() = default;
    Worker(Worker const&) = delete;
    Worker& operator=(Worker const&) = delete;

    [[nodiscard]] asio::io_context& context() noexcept { return context_; }
    [[nodiscard]] HttpMetrics& metrics() noexcept { return metrics_; }
    [[nodiscard]] Dates& dates() noexcept { return dates_; }
    /// Memory for the answer being made; taken while it is used.
    [[nodiscard]] std::string& spare() noexcept { return spare_; }

    /// Before start: a socket to accept from.
    void add_listener(net::Acceptor acceptor, net::TlsCertificates const* certificates,
                      SessionContext context);
    /// Before start: a task that runs until it is cancelled.
    void add_background(Task<> task);

    /// Starts the thread; it takes no signals.
    void start();
    /// Stops accepting, lets requests under way end for at most `drain_time`, then ends everything: `drop`
    /// has to end what cannot be cancelled. Returns at once.
    void finish(std::chrono::milliseconds drain_time, std::function<void()> drop);
    /// Waits for the end of the thread, if it was started.
    void join();

  private:
    void serve();
    /// What takes the exceptions of a group of tasks.
    TaskGroup::Report report(std::string_view of);
    void note_exception(std::string_view of, std::string_view what) noexcept;
    Task<> wind_up(std::chrono::milliseconds drain_time, std::function<void()> drop);

    Turns const turns_;
    asio::io_context context_{1};
    asio::executor_work_guard<Executor> busy_;
    Log const& log_;
    Counter& internal_errors_;
    HttpMetrics metrics_;
    Dates dates_;
    std::string spare_;
    TaskGroup connections_;
    TaskGroup background_;
    TaskGroup ending_;
    std::vector<std::unique_ptr<Listener>> listeners_;
    std::vector<Task<>> waiting_;  // Background tasks that start with the thread.
    std::thread thread_;
};

}  // namespace ocilot::server
