#include "jobs/schedule.h"

#include <algorithm>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>

namespace ocilot::jobs {

namespace {

using SteadyTimer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                               asio::wait_traits<std::chrono::steady_clock>, Executor>;

constexpr std::string_view rounds_help = "Rounds of a background job by outcome.";

}  // namespace

Task<> run_for_ever(Job job, Log const& log, Metrics& metrics) {
    std::string const name(job.name);
    auto& done = metrics.counter("ocilot_job_rounds_total", rounds_help, {{"job", name}, {"outcome", "ok"}});
    auto& failed =
        metrics.counter("ocilot_job_rounds_total", rounds_help, {{"job", name}, {"outcome", "failed"}});
    auto& items =
        metrics.counter("ocilot_job_items_total", "Things a background job dealt with.", {{"job", name}});
    SteadyTimer timer(co_await asio::this_coro::executor);
    auto wait = job.delay;
    for (;;) {
        timer.expires_after(wait);
        boost::system::error_code stopped;
        co_await timer.async_wait(asio::redirect_error(use_task, stopped));
        if (stopped) co_return;
        wait = std::max(job.interval, std::chrono::seconds(1));
        auto const round = co_await job.round();
        if (round.has_error()) {
            failed.add();
            log.error("job failed", {{"job", name}, {"err", round.error().message}});
        } else {
            done.add();
            items.add(*round);
            if (*round > 0) log.info("job done", {{"job", name}, {"items", std::uint64_t{*round}}});
        }
    }
}

}  // namespace ocilot::jobs
