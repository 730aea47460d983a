#pragma once

#include "base/task.h"

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <optional>
#include <utility>

namespace ocilot::test {

/// Runs one Task to its end on an I/O context of its own. Throws what it threw, but not before the threads
/// that woke it have left its context.
inline void run(Task<> task) {
    std::exception_ptr problem;
    {
        asio::io_context context(1);
        asio::co_spawn(context.get_executor(), std::move(task),
                       [&problem](std::exception_ptr thrown) { problem = std::move(thrown); });
        context.run();
    }
    if (problem) std::rethrow_exception(problem);
}

template <class T>
Task<> keep_answer(Task<T> task, std::optional<T>& answer) {
    answer.emplace(co_await std::move(task));
}

/// Runs one Task to its end and answers its value.
template <class T>
T run(Task<T> task) {
    std::optional<T> answer;
    run(keep_answer(std::move(task), answer));
    return std::move(answer).value();
}

}  // namespace ocilot::test
