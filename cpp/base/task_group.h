#pragma once

#include "base/task.h"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <exception>
#include <functional>
#include <list>
#include <string_view>

namespace ocilot {

/// Owns coroutines: every spawned Task belongs to a group, can be cancelled with it and is waited for.
/// Belongs to one I/O context and is used only on its thread.
///
/// A Task reports errors as values. An exception that leaves one all the same ends that Task only: it goes to
/// the group's `Report`, or out of join() if the group has none. That of its cancellation is no failure.
class TaskGroup {
  public:
    using Running = std::list<asio::cancellation_signal>;
    /// What an exception that ended a task says. Must not throw.
    using Report = std::function<void(std::string_view what)>;

    explicit TaskGroup(Executor executor, Report report = {});
    /// All tasks must have ended (`join`), or the context must be gone for good.
    ~TaskGroup() = default;
    TaskGroup(TaskGroup const&) = delete;
    TaskGroup& operator=(TaskGroup const&) = delete;

    /// Starts `task`. If that throws, no task was added.
    void spawn(Task<> task);

    /// Stops every task at its next suspension, unwinding it (Asio's terminal cancellation).
    void cancel();

    /// Returns when no task is left. Without a Report, rethrows the first exception that ended one.
    Task<> join();

    [[nodiscard]] std::size_t size() const noexcept { return running_.size(); }

  private:
    void end(Running::iterator task, std::exception_ptr const& problem);

    Executor executor_;
    Report report_;
    std::exception_ptr first_problem_;  // Only without a Report.
    Running running_;
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                               Executor>
        empty_;
};

}  // namespace ocilot
