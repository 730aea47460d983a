#include "jobs/job_runner.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>
#include <utility>

namespace ocilot::jobs {

namespace {

constexpr std::chrono::milliseconds glance{10};  // Between two looks at what is still running at the end.

}  // namespace

JobRunner::JobRunner(Executor executor, JobParts parts)
    : executor_(executor), parts_(std::move(parts)), timer_(executor, Ticks::time_point::max()) {}

void JobRunner::add(Job job) {
    auto loop = std::make_unique<JobLoop>(executor_, std::move(job), parts_);
    auto name = loop->name();
    loops_.emplace(std::move(name), std::move(loop));
}

Task<> JobRunner::run() {
    co_await asio::this_coro::throw_if_cancelled(false);
    for (auto const& [name, loop] : loops_) loop->start();
    boost::system::error_code ended;
    if (!stopping_) co_await timer_.async_wait(asio::redirect_error(use_task, ended));
    stopping_ = true;
    auto const running = [](auto const& entry) { return !entry.second->ended(); };
    while (std::ranges::any_of(loops_, running)) {
        // Again and again: it reaches only what waits at this moment.
        for (auto const& [name, loop] : loops_) loop->stop();
        timer_.expires_after(glance);
        co_await timer_.async_wait(asio::redirect_error(use_task, ended));
    }
}

void JobRunner::stop() {
    if (stopping_.exchange(true)) return;
    asio::post(executor_, [this] { timer_.cancel(); });
}

std::vector<JobStatus> JobRunner::jobs() const {
    std::vector<JobStatus> all;
    all.reserve(loops_.size());
    for (auto const& [name, loop] : loops_) all.push_back(loop->status());
    return all;
}

Result<JobLoop*> JobRunner::find(std::string_view name) const {
    auto const found = loops_.find(name);
    if (found != loops_.end()) return found->second.get();
    std::string names;
    for (auto const& [known, loop] : loops_) names += (names.empty() ? "" : ", ") + known;
    return Error{Errc::not_found, fmt::format("unknown job \"{}\": expected one of {}", name, names)};
}

Result<JobStatus> JobRunner::job(std::string_view name) const {
    TRY(auto const* const loop, find(name));
    return loop->status();
}

Result<RequestedRound> JobRunner::run_now(std::string_view name) {
    TRY(auto* const loop, find(name));
    return loop->request();
}

Result<bool> JobRunner::cancel(std::string_view name) {
    TRY(auto* const loop, find(name));
    return loop->cancel();
}

}  // namespace ocilot::jobs
