#include "base/run_on.h"

#include "run.h"

#include <boost/asio/executor_work_guard.hpp>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <thread>

using namespace ocilot;
using namespace ocilot::test;

namespace {

using Where = Result<std::thread::id>;

/// An I/O context with its thread.
class Elsewhere {
  public:
    Elsewhere() : thread_([this] { context_.run(); }) {}
    Elsewhere(Elsewhere const&) = delete;
    Elsewhere& operator=(Elsewhere const&) = delete;
    ~Elsewhere() {
        work_.reset();
        thread_.join();
    }
    [[nodiscard]] Executor executor() { return context_.get_executor(); }
    [[nodiscard]] std::thread::id thread() const { return thread_.get_id(); }

  private:
    asio::io_context context_{1};
    asio::executor_work_guard<Executor> work_{context_.get_executor()};
    std::thread thread_;
};

Task<Where> where() {
    co_return std::this_thread::get_id();
}

Task<Result<std::string>> failing(bool throws) {
    if (throws) throw std::runtime_error("it failed");
    co_return Error{Errc::conflict, "it is there"};
}

struct Threads {
    std::thread::id of_task;
    std::thread::id afterwards;
};

Task<Result<Threads>> there_and_back(Executor there) {
    CO_TRY(auto const of_task, co_await run_on(there, where()));
    co_return Threads{of_task, std::this_thread::get_id()};
}

}  // namespace

TEST(RunOn, RunsThereAndGoesOnHere) {
    Elsewhere elsewhere;
    auto const threads = run(there_and_back(elsewhere.executor())).value();
    EXPECT_EQ(threads.of_task, elsewhere.thread());
    EXPECT_EQ(threads.afterwards, std::this_thread::get_id());
}

TEST(RunOn, AnswersErrors) {
    Elsewhere elsewhere;
    EXPECT_EQ(run(run_on(elsewhere.executor(), failing(false))).error().code, Errc::conflict);
}

TEST(RunOn, WhatThrowsIsAnInternalError) {
    Elsewhere elsewhere;
    auto const error = run(run_on(elsewhere.executor(), failing(true))).error();
    EXPECT_EQ(error.code, Errc::internal);
    EXPECT_EQ(error.message, "it failed");
}
