#pragma once

#include "base/task.h"

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <optional>

namespace ocilot::test {

inline void run(Task<> task) {
    asio::io_context context(1);
    asio::co_spawn(context.get_executor(), std::move(task), [&](std::exception_ptr problem) {
        if (problem) std::rethrow_exception(problem);
    });
    context.run();
}

/// Keeps what `task` answers: asio's own way out of co_spawn wants a default-constructible value.
template <class T>
Task<> keep(Task<T> task, std::optional<T>& answer) {
    answer.emplace(co_await std::move(task));
}

/// Runs one Task to its end on an I/O context of its own and answers its value.
template <class T>
T run(Task<T> task) {
    std::optional<T> answer;
    run(keep(std::move(task), answer));
    return std::move(answer).value();
}

}  // namespace ocilot::test
