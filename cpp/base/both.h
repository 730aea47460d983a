#pragma once

#include "base/suspend.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <optional>
#include <utility>

namespace ocilot {

namespace detail {

/// A Task that runs beside another one of the same I/O context, and what it answered.
template <class T>
struct Beside {
    std::optional<T> answer = {};
    std::exception_ptr problem = {};
    bool ended = false;
    std::optional<Resume<bool>> waiting = {};

    void end() {
        ended = true;
        if (waiting) std::exchange(waiting, std::nullopt).value()(true);
    }
};

template <class T>
Task<> keep(Task<T> task, std::optional<T>& answer, std::exception_ptr& problem) {
    try {
        answer.emplace(co_await std::move(task));
    } catch (...) {
        problem = std::current_exception();
    }
}

}  // namespace detail

/// Runs two Tasks side by side on the calling one's I/O context, and answers what both did. Waits for both,
/// also when the caller is cancelled or one of them throws; then it throws that. The second one is not
/// cancelled: it has to be short.
template <class A, class B>
Task<std::pair<A, B>> both(Task<A> first, Task<B> second) {
    bool const throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    auto const executor = co_await asio::this_coro::executor;
    detail::Beside<B> beside;
    asio::co_spawn(executor, detail::keep(std::move(second), beside.answer, beside.problem),
                   [&beside](std::exception_ptr const&) { beside.end(); });
    std::optional<A> answer;
    std::exception_ptr problem;
    co_await detail::keep(std::move(first), answer, problem);
    if (!beside.ended) {
        co_await suspend<bool>([&beside](Resume<bool> resume) { beside.waiting.emplace(std::move(resume)); });
    }
    co_await asio::this_coro::throw_if_cancelled(throws);
    if (problem) std::rethrow_exception(problem);
    if (beside.problem) std::rethrow_exception(beside.problem);
    co_return std::pair<A, B>(std::move(*answer), std::move(*beside.answer));
}

}  // namespace ocilot
