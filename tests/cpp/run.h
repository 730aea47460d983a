#pragma once

#include "base/task.h"

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <optional>

namespace ocilot::test {

/// Runs one Task to its end on an I/O context of its own and answers its value.
template <class T>
T run(Task<T> task) {
    asio::io_context context(1);
    std::optional<T> answer;
    asio::co_spawn(context.get_executor(), std::move(task), [&](std::exception_ptr problem, T value) {
        if (problem) std::rethrow_exception(problem);
        answer.emplace(std::move(value));
    });
    context.run();
    return std::move(answer).value();
}

inline void run(Task<> task) {
    asio::io_context context(1);
    asio::co_spawn(context.get_executor(), std::move(task), [&](std::exception_ptr problem) {
        if (problem) std::rethrow_exception(problem);
    });
    context.run();
}

}  // namespace ocilot::test
