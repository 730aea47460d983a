#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace ocilot {

namespace asio = boost::asio;

/// The executor of one I/O context, not type-erased: one context a core, one thread a context.
using Executor = asio::io_context::executor_type;

/// A coroutine that resumes on the I/O context it was started on.
template <class T = void>
using Task = asio::awaitable<T, Executor>;

/// The completion token for Asio operations inside a Task.
inline constexpr asio::use_awaitable_t<Executor> use_task{};

}  // namespace ocilot
