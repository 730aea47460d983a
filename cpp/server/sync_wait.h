#pragma once

#include "base/result.h"
#include "base/task.h"

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>

namespace ocilot::server {

/// Runs one task to its end on this thread, before or without others.
template <class T>
Result<T> sync_wait(Task<Result<T>> task) {
    asio::io_context context(1);
    Result<T> answer = Error{Errc::internal, "task did not end"};
    asio::co_spawn(context.get_executor(), std::move(task), [&](std::exception_ptr problem, Result<T> value) {
        if (problem) std::rethrow_exception(problem);
        answer = std::move(value);
    });
    context.run();
    return answer;
}

}  // namespace ocilot::server
