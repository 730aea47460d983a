#pragma once

#include "base/error.h"

#include <boost/system/result.hpp>
#include <stdexcept>
#include <utility>

namespace ocilot {

/// A value or the Error that prevented it.
template <class T = void>
using Result = boost::system::result<T, Error>;

/// Called by `Result::value()` on an error; code below the doors tests first and never gets here.
[[noreturn]] inline void throw_exception_from_error(Error const& error, boost::source_location const&) {
    throw std::runtime_error(error.message);
}

}  // namespace ocilot

#define OCILOT_CONCAT_(a, b) a##b
#define OCILOT_CONCAT(a, b) OCILOT_CONCAT_(a, b)

#define OCILOT_TRY_(give_back, result, declaration, ...)          \
    auto result = __VA_ARGS__;                                    \
    if (result.has_error()) give_back::std::move(result).error(); \
    declaration = ::std::move(*result)
#define OCILOT_CHECK_(give_back, result, ...) \
    auto result = __VA_ARGS__;                \
    if (result.has_error()) give_back::std::move(result).error()

/// `TRY(auto x, expression);` declares x from a Result or returns its error. CO_TRY does so in a coroutine.
/// Statements, not expressions: GCC 12 miscompiles `co_await` inside statement expressions.
#define TRY(declaration, ...) \
    OCILOT_TRY_(return, OCILOT_CONCAT(ocilot_result_, __COUNTER__), declaration, __VA_ARGS__)
#define CO_TRY(declaration, ...) \
    OCILOT_TRY_(co_return, OCILOT_CONCAT(ocilot_result_, __COUNTER__), declaration, __VA_ARGS__)

/// `CHECK(expression);` returns the error of a Result<void>, or goes on.
#define CHECK(...) OCILOT_CHECK_(return, OCILOT_CONCAT(ocilot_result_, __COUNTER__), __VA_ARGS__)
#define CO_CHECK(...) OCILOT_CHECK_(co_return, OCILOT_CONCAT(ocilot_result_, __COUNTER__), __VA_ARGS__)
