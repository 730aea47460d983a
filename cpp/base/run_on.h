#pragma once

#include "base/result.h"
#include "base/suspend.h"

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>

namespace ocilot {

namespace detail {

template <class R>
Task<R> guarded(Task<R> task) {
    try {
        co_return co_await std::move(task);
    } catch (std::exception const& problem) {
        co_return Error{Errc::internal, problem.what()};
    }
}

template <class R>
Task<> resume_with(Task<R> task, Resume<R> resume) {
    resume(co_await guarded(std::move(task)));
}

}  // namespace detail

/// Runs a Task that answers a Result on another I/O context; the caller goes on where it is. What is long
/// then holds nothing else on the thread of the caller. Not cancellable: the task has to end, and its context
/// to run until it has.
template <class R>
Task<R> run_on(Executor there, Task<R> task) {
    return suspend<R>([there, t = std::move(task)](Resume<R> resume) mutable {
        asio::co_spawn(there, detail::resume_with(std::move(t), std::move(resume)),
                       [](std::exception_ptr const&) {});
    });
}

}  // namespace ocilot
