#include "base/task_group.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/system/system_error.hpp>
#include <utility>

namespace ocilot {

namespace {

/// A cancelled Task is unwound by an exception of Asio's.
bool is_cancellation(std::exception const& problem) {
    auto const* const failure = dynamic_cast<boost::system::system_error const*>(&problem);
    return failure != nullptr && failure->code() == asio::error::operation_aborted;
}

/// Hands what an exception says to `report`, unless it is that of a cancellation.
template <class Report>
void report_failure(std::exception_ptr const& problem, Report const& report) {
    try {
        std::rethrow_exception(problem);
    } catch (std::exception const& failure) {
        if (!is_cancellation(failure)) report(failure.what());
    } catch (...) {
        report("exception of an unknown type");
    }
}

}  // namespace

TaskGroup::TaskGroup(Executor executor, Report report)
    : executor_(executor),
      report_(std::move(report)),
      empty_(executor, std::chrono::steady_clock::time_point::max()) {}

void TaskGroup::spawn(Task<> task) {
    auto const self = running_.emplace(running_.end());
    auto ended = [this, self](std::exception_ptr const& problem) { end(self, problem); };
    try {
        asio::co_spawn(executor_, std::move(task),
                       asio::bind_cancellation_slot(self->slot(), std::move(ended)));
    } catch (...) {
        running_.erase(self);
        throw;
    }
}

void TaskGroup::end(Running::iterator task, std::exception_ptr const& problem) {
    running_.erase(task);
    if (running_.empty()) empty_.cancel();
    if (!problem) return;
    report_failure(problem, [&](std::string_view what) {
        if (report_) {
            report_(what);
        } else if (!first_problem_) {
            first_problem_ = problem;
        }
    });
}

void TaskGroup::cancel() {
    // A cancelled task may end, and leave the list, inside emit(): step on first.
    for (auto it = running_.begin(); it != running_.end();) {
        auto const task = it++;
        task->emit(asio::cancellation_type::terminal);
    }
}

Task<> TaskGroup::join() {
    while (!running_.empty()) {
        boost::system::error_code ignored;
        co_await empty_.async_wait(asio::redirect_error(use_task, ignored));
    }
    if (first_problem_) std::rethrow_exception(std::exchange(first_problem_, nullptr));
}

}  // namespace ocilot
