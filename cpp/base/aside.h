#pragma once

#include "base/metrics.h"
#include "base/result.h"
#include "base/suspend.h"
#include "base/task_group.h"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <cstddef>
#include <deque>
#include <exception>
#include <string_view>
#include <utility>

namespace ocilot {

/// Runs long Tasks of other I/O contexts on one of its own, so that they hold none of those: some at once,
/// the others wait for their turn. The context has to run until all have ended, and exist for as long as
/// this.
class Aside {
  public:
    /// In the metrics as pools are (`ocilot_pool_queue`, `ocilot_pool_busy`), labelled `name`.
    Aside(Executor executor, std::size_t at_once, Metrics& metrics, std::string_view name);
    Aside(Aside const&) = delete;
    Aside& operator=(Aside const&) = delete;
    /// Nothing runs on the context any more.
    ~Aside() = default;

    /// Runs a Task that answers a Result; the caller goes on where it is. It does not end before the task,
    /// also when it is cancelled. What the task throws is Errc::internal.
    template <class R>
    Task<R> run(Task<R> task) {
        return suspend<R>([this, t = std::move(task)](Resume<R> resume) mutable {
            asio::post(executor_, [this, work = resume_with(std::move(t), std::move(resume))]() mutable {
                add(std::move(work));
            });
        });
    }

    /// Cancels all, from any thread, now and later: what waits ends at once.
    void cancel();

  private:
    template <class R>
    static Task<R> guarded(Task<R> task) {
        // Its operations answer that they were cancelled, and it ends by itself.
        co_await asio::this_coro::throw_if_cancelled(false);
        try {
            co_return co_await std::move(task);
        } catch (std::exception const& problem) {
            co_return Error{Errc::internal, problem.what()};
        }
    }
    template <class R>
    static Task<> resume_with(Task<R> task, Resume<R> resume) {
        resume(co_await guarded(std::move(task)));
    }

    // On the thread of the context.
    void add(Task<> work);
    void start_waiting();
    Task<> one(Task<> work);
    void end_all();
    Task<> keep_cancelling();

    Executor const executor_;
    std::size_t const at_once_;
    Gauge& queued_;
    Gauge& busy_now_;
    TaskGroup running_;
    TaskGroup ending_;
    std::deque<Task<>> waiting_;
    std::size_t busy_ = 0;  // Of running_, without what is about to leave it.
    bool cancelled_ = false;
    bool ends_all_ = false;  // While there is something to end.
};

}  // namespace ocilot
