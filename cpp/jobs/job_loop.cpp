#include "jobs/job_loop.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <utility>

namespace ocilot::jobs {

namespace {

/// After this a lease of a process that was killed is free for others.
constexpr std::chrono::seconds lease_life{60};
constexpr std::chrono::hours longest_wait{24 * 365 * 10};  // What a clock of nanoseconds can add.

constexpr std::string_view unknown_exception = "exception of an unknown type";

/// Without memory for the text there is none.
std::string text_of(std::string_view what) noexcept {
    try {
        return std::string(what);
    } catch (std::exception const&) {
        return {};
    }
}

/// Ends the renewal of a lease however the round ends.
class Cancelled {
  public:
    explicit Cancelled(TaskGroup& tasks) noexcept : tasks_(tasks) {}
    ~Cancelled() { tasks_.cancel(); }
    Cancelled(Cancelled const&) = delete;
    Cancelled& operator=(Cancelled const&) = delete;

  private:
    TaskGroup& tasks_;
};

}  // namespace

JobLoop::JobLoop(Executor executor, Job job, JobParts const& parts)
    : job_(std::move(job)),
      parts_(parts),
      metrics_(parts.metrics, job_.name),
      executor_(executor),
      timer_(executor),
      tasks_(executor),
      lease_keeper_(executor, [this](std::string_view what) {
          parts_.log.error("lease not renewed", {{"job", std::string_view(job_.name)}, {"err", what}});
      }) {}

void JobLoop::start() {
    {
        std::lock_guard const lock(mutex_);
        if (job_.enabled) due_ = after(job_.first_delay);
    }
    tasks_.spawn(run());
}

JobLoop::Ticks::time_point JobLoop::after(std::chrono::seconds wait) const noexcept {
    return Ticks::now() + std::clamp<std::chrono::seconds>(wait, std::chrono::seconds(0), longest_wait);
}

/// A door: whatever a round throws ends the round. Cancellation shows as an error of the operation under way.
Task<> JobLoop::run() {
    co_await asio::this_coro::throw_if_cancelled(false);
    for (;;) {
        try {
            if (!co_await begin_next()) co_return;
            end_round(result_of(co_await round_under_lease()));
        } catch (std::exception const& problem) {
            end_round({.outcome = RoundOutcome::failed, .error = text_of(problem.what())});
        } catch (...) {
            end_round({.outcome = RoundOutcome::failed, .error = text_of(unknown_exception)});
        }
    }
}

Task<bool> JobLoop::begin_next() {
    while (!begin_if_due()) {
        if (std::lock_guard const lock(mutex_); stopping_) co_return false;
        boost::system::error_code woken;
        co_await timer_.async_wait(asio::redirect_error(use_task, woken));
    }
    co_return true;
}

bool JobLoop::begin_if_due() {
    std::lock_guard const lock(mutex_);
    bool const due = requested_ || Ticks::now() >= due_;
    if (stopping_ || !due) {
        timer_.expires_at(due_);
        return false;
    }
    running_ = true;
    round_.reset(std::exchange(requested_, false));
    lease_lost_ = false;
    started_at_ = parts_.clock.now();
    began_ = Ticks::now();
    metrics_.begin();
    return true;
}

Task<JobLoop::Outcome> JobLoop::round_under_lease() {
    if (job_.scope == JobScope::process) {
        CO_TRY(auto const items, co_await guarded_round());
        co_return std::optional(items);
    }
    co_await lease_keeper_.join();
    CO_TRY(auto const lease, co_await parts_.leases.acquire("job/" + job_.name, parts_.holder, lease_life));
    if (!lease) co_return std::optional<std::size_t>();
    Result<std::size_t> items = std::size_t{0};
    {
        Cancelled const keeping(lease_keeper_);
        lease_keeper_.spawn(keep_lease(*lease));
        items = co_await guarded_round();
    }
    co_await lease_keeper_.join();
    CO_CHECK(co_await parts_.leases.release(*lease));
    if (lease_lost_) co_return Error{Errc::unavailable, "lease lost to another process"};
    CO_CHECK(items);
    co_return std::optional(*items);
}

Task<Result<std::size_t>> JobLoop::guarded_round() {
    try {
        co_return co_await job_.round(round_);
    } catch (std::exception const& problem) {
        co_return Error{Errc::internal, problem.what()};
    } catch (...) {
        co_return Error{Errc::internal, std::string(unknown_exception)};
    }
}

/// Renews until cancelled. A lease that could not be renewed in time is lost.
Task<> JobLoop::keep_lease(meta::Lease lease) {
    asio::basic_waitable_timer<Ticks, asio::wait_traits<Ticks>, Executor> timer(executor_);
    auto renewed_at = Ticks::now();
    for (;;) {
        timer.expires_after(parts_.lease_renewal);
        co_await timer.async_wait(use_task);
        auto const asked_at = Ticks::now();
        auto const renewed = co_await parts_.leases.renew(lease, lease_life);
        if (renewed.has_value() && *renewed) {
            renewed_at = asked_at;
            continue;
        }
        if (renewed.has_error() && Ticks::now() - renewed_at < lease_life - parts_.lease_renewal) continue;
        lease_lost_ = true;
        round_.cancel();
        tasks_.cancel();
        co_return;
    }
}

RoundResult JobLoop::result_of(Outcome outcome) const noexcept {
    RoundResult result;
    if (outcome.has_error()) {
        bool const cancelled = outcome.error().code == Errc::cancelled && round_.cancelled();
        result.outcome = cancelled ? RoundOutcome::cancelled : RoundOutcome::failed;
        if (!cancelled) result.error = std::move(outcome).error().message;
    } else if (*outcome) {
        result.items = **outcome;
    } else {
        result.outcome = RoundOutcome::skipped;
    }
    return result;
}

void JobLoop::end_round(RoundResult result) noexcept {
    auto const now = parts_.clock.now();
    auto const ticks = Ticks::now();
    std::string_view const name = job_.name;
    result.duration = std::chrono::floor<std::chrono::microseconds>(ticks - began_);
    metrics_.end(result, now);
    if (result.outcome == RoundOutcome::failed) {
        parts_.log.error("job failed", {{"job", name}, {"err", std::string_view(result.error)}});
    } else if (result.outcome == RoundOutcome::cancelled) {
        parts_.log.info("job cancelled", {{"job", name}});
    } else if (result.items > 0) {
        parts_.log.info("job done", {{"job", name}, {"items", std::uint64_t{result.items}}});
    }
    std::lock_guard const lock(mutex_);
    result.started_at = started_at_;
    last_ = std::move(result);
    running_ = false;
    ++rounds_;
    due_ = job_.enabled ? after(std::max(job_.interval, std::chrono::seconds(1))) : Ticks::time_point::max();
}

Result<RequestedRound> JobLoop::request() {
    std::lock_guard const lock(mutex_);
    if (stopping_) return Error{Errc::unavailable, "registry stopping"};
    RequestedRound const asked{rounds_ + 1, running_ || requested_};
    if (asked.already_running) return asked;
    asio::post(executor_, [this] { timer_.cancel(); });
    requested_ = true;
    return asked;
}

bool JobLoop::cancel() {
    std::lock_guard const lock(mutex_);
    if (running_) {
        round_.cancel();
        cancel_tasks(rounds_);
        return true;
    }
    return std::exchange(requested_, false);
}

void JobLoop::stop() {
    std::lock_guard const lock(mutex_);
    stopping_ = true;
    requested_ = false;
    if (running_) round_.cancel();
    cancel_tasks(rounds_);
}

/// Ends what the loop waits for, unless the round has ended meanwhile.
void JobLoop::cancel_tasks(std::uint64_t number) {
    asio::post(executor_, [this, number] {
        {
            std::lock_guard const lock(mutex_);
            if (rounds_ != number && !stopping_) return;
        }
        tasks_.cancel();
    });
}

JobStatus JobLoop::status() const {
    std::lock_guard const lock(mutex_);
    JobStatus status{.name = job_.name, .purpose = job_.purpose, .interval = job_.interval};
    status.state = running_ ? JobState::running : job_.enabled ? JobState::idle : JobState::disabled;
    status.rounds = rounds_;
    status.last = last_;
    auto const now = parts_.clock.now();
    if (running_) {
        status.running_since = started_at_;
    } else if (requested_) {
        status.next_at = now;
    } else if (due_ != Ticks::time_point::max()) {
        auto const wait = std::max(due_ - Ticks::now(), Ticks::duration(0));
        status.next_at = now + std::chrono::floor<std::chrono::microseconds>(wait);
    }
    return status;
}

}  // namespace ocilot::jobs
