#include "base/task_group.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/system/system_error.hpp>
#include <exception>

namespace ocilot {

namespace {

/// A cancelled Task is unwound by an exception of Asio's; any other means a defect and ends the program.
void rethrow_unless_cancelled(std::exception_ptr const& problem) {
    if (!problem) return;
    try {
        std::rethrow_exception(problem);
    } catch (boost::system::system_error const& error) {
        if (error.code() != asio::error::operation_aborted) throw;
    }
}

}  // namespace

TaskGroup::TaskGroup(Executor executor)
    : executor_(executor), empty_(executor, std::chrono::steady_clock::time_point::max()) {}

void TaskGroup::spawn(Task<> task) {
    auto const self = running_.emplace(running_.end());
    auto ended = [this, self](std::exception_ptr problem) {
        rethrow_unless_cancelled(problem);
        running_.erase(self);
        if (running_.empty()) empty_.cancel();
    };
    asio::co_spawn(executor_, std::move(task), asio::bind_cancellation_slot(self->slot(), std::move(ended)));
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
}

}  // namespace ocilot
