#pragma once

#include "base/task.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <exception>
#include <latch>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace ocilot::test {

/// Several I/O contexts with a thread each, as in the server.
class Contexts {
  public:
    explicit Contexts(std::size_t n) {
        for (std::size_t i = 0; i < n; ++i) lanes_.push_back(std::make_unique<Lane>());
    }

    /// Runs all tasks at once, dealt out to the contexts in turn, and waits for their ends.
    void run(std::vector<Task<>> tasks) {
        std::latch done(static_cast<std::ptrdiff_t>(tasks.size()));
        for (std::size_t i = 0; i < tasks.size(); ++i) {
            asio::co_spawn(lanes_[i % lanes_.size()]->context.get_executor(), std::move(tasks[i]),
                           [&done](std::exception_ptr problem) {
                               if (problem) std::rethrow_exception(problem);
                               done.count_down();
                           });
        }
        done.wait();
    }

  private:
    struct Lane {
        asio::io_context context{1};
        asio::executor_work_guard<Executor> work{context.get_executor()};
        std::jthread thread{[this] { context.run(); }};
        ~Lane() { work.reset(); }
    };
    std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace ocilot::test
