#pragma once

#include "base/result.h"
#include "base/task.h"

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>

namespace ocilot::server {

/// Runs one task to its end on this thread, before or without others. Throws what it threw, but not before
/// the threads that woke it have left its context.
template <class T>
Result<T> sync_wait(Task<Result<T>> task) {
    Result<T> answer = Error{Errc::internal, "task did not end"};
    std::exception_ptr problem;
    {
        asio::io_context context(1);
        asio::co_spawn(context.get_executor(), std::move(task),
                       [&](std::exception_ptr thrown, Result<T> value) {
                           problem = std::move(thrown);
                           answer = std::move(value);
                       });
        context.run();
    }
    if (problem) std::rethrow_exception(problem);
    return answer;
}

}  // namespace ocilot::server
