#pragma once

#include "base/task.h"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <list>

namespace ocilot {

/// Owns coroutines: every spawned Task belongs to a group, can be cancelled with it and is waited for.
/// Belongs to one I/O context and is used only on its thread.
class TaskGroup {
  public:
    explicit TaskGroup(Executor executor);
    /// All tasks must have ended (`join`), or the context must be gone for good.
    ~TaskGroup() = default;
    TaskGroup(TaskGroup const&) = delete;
    TaskGroup& operator=(TaskGroup const&) = delete;

    /// Starts `task`. An exception that leaves it, other than that of its cancellation, ends the program: a
    /// Task reports errors as values.
    void spawn(Task<> task);

    /// Stops every task at its next suspension, unwinding it (Asio's terminal cancellation).
    void cancel();

    /// Returns when no task is left.
    Task<> join();

    [[nodiscard]] std::size_t size() const noexcept { return running_.size(); }

  private:
    Executor executor_;
    std::list<asio::cancellation_signal> running_;
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                               Executor>
        empty_;
};

}  // namespace ocilot
