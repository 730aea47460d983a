#include "jobs/job_runner.h"

#include "meta/sqlite/leases.h"
#include "registry/fixture.h"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <gmock/gmock.h>
#include <new>

using namespace ocilot;
using namespace ocilot::test;
using jobs::JobState;
using jobs::Round;
using jobs::RoundOutcome;
using testing::HasSubstr;

namespace {

using Items = Task<Result<std::size_t>>;

/// Leases of which one is lost when it is to be renewed.
class LosingLeases final : public meta::Leases {
  public:
    Task<Result<std::optional<meta::Lease>>> acquire(std::string_view, std::string_view,
                                                     std::chrono::seconds) override {
        if (refuses) co_return std::optional<meta::Lease>();
        if (fails) co_return Error{Errc::unavailable, "the database is away"};
        co_return meta::Lease{"job", "me", 1};
    }
    Task<Result<bool>> renew(meta::Lease const&, std::chrono::seconds) override { co_return false; }
    Task<Result<>> release(meta::Lease const&) override {
        ++released;
        co_return Result<>();
    }
    bool refuses = false;
    bool fails = false;
    int released = 0;
};

class JobRunnerTest : public ::testing::Test {
  public:
    using Steps = Task<> (*)(JobRunnerTest& test, jobs::JobRunner& runner);

    /// Runs `steps` beside the jobs, then stops them; returns when all have ended.
    void play(std::vector<jobs::Job> list, Steps steps) { run(play_task(std::move(list), steps)); }
    static jobs::Job job(std::function<Items(Round const&)> round) {
        return {.name = "work",
                .purpose = "Work.",
                .interval = std::chrono::hours(1),
                .round = std::move(round),
                .first_delay = std::chrono::hours(1)};
    }
    static jobs::JobStatus status(jobs::JobRunner const& runner) { return runner.job("work").value(); }
    /// Until so many rounds of the job have ended.
    static Task<> rounds(jobs::JobRunner const& runner, std::uint64_t count) {
        while (status(runner).rounds < count) co_await asio::post(use_task);
    }
    static Task<> running(jobs::JobRunner const& runner) {
        while (status(runner).state != JobState::running) co_await asio::post(use_task);
    }
    static Items until_cancelled(Round const& round) {
        CO_CHECK(co_await round.pause_until(Round::Ticks::time_point::max()));
        co_return std::size_t{0};
    }
    std::uint64_t counted(std::string const& outcome) {
        return metrics.counter("ocilot_job_rounds_total", "", {{"name", "work"}, {"outcome", outcome}})
            .value();
    }

    int begun = 0;  ///< rounds
    MemorySink sink;
    ManualClock clock;
    Metrics metrics;
    LosingLeases losing;
    Log log{sink, clock, LogFormat::text, LogLevel::debug};
    meta::SqliteLeases sqlite_leases;
    meta::Leases* leases = &sqlite_leases;
    std::chrono::milliseconds lease_renewal{20'000};

  private:
    Task<> play_task(std::vector<jobs::Job> list, Steps steps) {
        auto const executor = co_await asio::this_coro::executor;
        jobs::JobRunner runner(executor, {clock, log, metrics, *leases, "me", lease_renewal});
        for (auto& one : list) runner.add(std::move(one));
        TaskGroup tasks(executor);
        tasks.spawn(runner.run());
        co_await steps(*this, runner);
        runner.stop();
        co_await tasks.join();
    }
};

Items fail_once(int& begun) {
    if (++begun == 1) co_return Error{Errc::io, "the disk is on fire"};
    co_return std::size_t{1};
}

Items throw_late(int begun) {
    if (begun == 2) throw 7;
    co_await asio::post(use_task);
    throw std::runtime_error("a defect of the round");
}

Items throw_bad_alloc(Round const&) {
    throw std::bad_alloc();
    co_return std::size_t{0};
}

}  // namespace

TEST_F(JobRunnerTest, ARoundShowsWhetherItWasRequested) {
    auto first = job([](Round const& round) -> Items { co_return std::size_t{round.requested() ? 1U : 0U}; });
    first.first_delay = std::chrono::seconds(0);
    play({first}, [](JobRunnerTest&, jobs::JobRunner& runner) -> Task<> {
        co_await rounds(runner, 1);
        EXPECT_EQ(status(runner).last.value().items, 0U) << "it was due";
        EXPECT_TRUE(runner.run_now("work").has_value());
        co_await rounds(runner, 2);
        EXPECT_EQ(status(runner).last.value().items, 1U);
    });
}

TEST_F(JobRunnerTest, StartsTheFirstRoundAfterItsDelayAndSaysWhenTheNextIs) {
    auto now = job([](Round const&) -> Items { co_return std::size_t{3}; });
    now.first_delay = std::chrono::seconds(0);
    play({now}, [](JobRunnerTest& test, jobs::JobRunner& runner) -> Task<> {
        co_await rounds(runner, 1);
        auto const after = status(runner);
        EXPECT_EQ(after.state, JobState::idle);
        EXPECT_EQ(after.purpose, "Work.");
        EXPECT_EQ(after.rounds, 1U);
        EXPECT_GT(after.next_at.value(), test.clock.now() + std::chrono::minutes(59));
        EXPECT_LE(after.next_at.value(), test.clock.now() + std::chrono::hours(1));
        EXPECT_EQ(after.last.value().outcome, RoundOutcome::ok);
        EXPECT_EQ(after.last->items, 3U);
        EXPECT_EQ(after.last->started_at, test.clock.now());
    });
    EXPECT_EQ(counted("ok"), 1U);
    EXPECT_EQ(metrics.counter("ocilot_job_items_total", "", {{"name", "work"}}).value(), 3U);
    EXPECT_EQ(metrics.gauge("ocilot_job_last_success_timestamp_seconds", "", {{"name", "work"}}).value(),
              std::chrono::floor<std::chrono::seconds>(clock.now()).time_since_epoch().count());
    EXPECT_THAT(metrics.text(), HasSubstr("ocilot_job_duration_seconds_count{name=\"work\"} 1\n"));
    EXPECT_THAT(sink.text(), HasSubstr("msg=\"job done\" job=work items=3"));
}

TEST_F(JobRunnerTest, RunsARoundOnRequestAndJoinsTheOneUnderWay) {
    auto const counts = [this](Round const& round) {
        ++begun;
        return until_cancelled(round);
    };
    play({job(counts)}, [](JobRunnerTest& test, jobs::JobRunner& runner) -> Task<> {
        EXPECT_EQ(status(runner).state, JobState::idle);
        auto const first = runner.run_now("work").value();
        EXPECT_EQ(first.number, 1U);
        EXPECT_FALSE(first.already_running);
        EXPECT_TRUE(runner.run_now("work").value().already_running) << "asked for, not yet test.begun";
        co_await running(runner);
        EXPECT_EQ(status(runner).running_since, test.clock.now());
        EXPECT_FALSE(status(runner).next_at);
        EXPECT_EQ(test.metrics.gauge("ocilot_job_running", "", {{"name", "work"}}).value(), 1);
        auto const joined = runner.run_now("work").value();
        EXPECT_EQ(joined.number, 1U);
        EXPECT_TRUE(joined.already_running);
        EXPECT_TRUE(runner.cancel("work").value());
        co_await rounds(runner, 1);
        EXPECT_EQ(runner.run_now("work").value().number, 2U);
        co_await running(runner);
    });
    EXPECT_EQ(begun, 2);
    EXPECT_EQ(metrics.gauge("ocilot_job_running", "", {{"name", "work"}}).value(), 0);
}

TEST_F(JobRunnerTest, CancelsTheRoundUnderWayAndNotTheJob) {
    play({job(until_cancelled)}, [](JobRunnerTest&, jobs::JobRunner& runner) -> Task<> {
        EXPECT_FALSE(runner.cancel("work").value()) << "none is under way";
        for (std::uint64_t round = 1; round <= 2; ++round) {
            EXPECT_TRUE(runner.run_now("work").has_value());
            co_await running(runner);
            EXPECT_TRUE(runner.cancel("work").value());
            co_await rounds(runner, round);
            EXPECT_EQ(status(runner).last.value().outcome, RoundOutcome::cancelled);
            EXPECT_EQ(status(runner).last->error, "");
        }
        EXPECT_TRUE(runner.run_now("work").has_value());
        EXPECT_TRUE(runner.cancel("work").value()) << "asked for, not yet test.begun";
        for (int turn = 0; turn < 10; ++turn) co_await asio::post(use_task);
        EXPECT_EQ(status(runner).rounds, 2U);
    });
    EXPECT_EQ(counted("cancelled"), 2U);
}

TEST_F(JobRunnerTest, AFailedRoundIsToldAndTheNextOneComes) {
    play({job([this](Round const&) { return fail_once(begun); })},
         [](JobRunnerTest&, jobs::JobRunner& runner) -> Task<> {
             EXPECT_TRUE(runner.run_now("work").has_value());
             co_await rounds(runner, 1);
             EXPECT_EQ(status(runner).last.value().outcome, RoundOutcome::failed);
             EXPECT_EQ(status(runner).last->error, "the disk is on fire");
             EXPECT_TRUE(status(runner).next_at);
             EXPECT_TRUE(runner.run_now("work").has_value());
             co_await rounds(runner, 2);
             EXPECT_EQ(status(runner).last.value().outcome, RoundOutcome::ok);
         });
    EXPECT_EQ(counted("failed"), 1U);
    EXPECT_THAT(sink.text(),
                HasSubstr("level=error msg=\"job failed\" job=work err=\"the disk is on fire\""));
}

TEST_F(JobRunnerTest, AnExceptionEndsTheRoundAndNothingElse) {
    auto const throws = [this](Round const&) {
        if (++begun == 1) throw std::bad_alloc();  // Before there is a Task.
        return throw_late(begun);
    };
    play({job(throws)}, [](JobRunnerTest& test, jobs::JobRunner& runner) -> Task<> {
        for (std::string const error :
             {"std::bad_alloc", "exception of an unknown type", "a defect of the round"}) {
            EXPECT_TRUE(runner.run_now("work").has_value());
            co_await rounds(runner, static_cast<std::uint64_t>(test.begun) + 1);
            EXPECT_EQ(status(runner).last.value().outcome, RoundOutcome::failed);
            EXPECT_EQ(status(runner).last->error, error);
        }
    });
    EXPECT_EQ(counted("failed"), 3U);
}

TEST_F(JobRunnerTest, ARoundThatThrowsGivesItsLeaseBack) {
    leases = &losing;
    auto alone = job(throw_bad_alloc);
    alone.scope = jobs::JobScope::registry;
    play({alone}, [](JobRunnerTest&, jobs::JobRunner& runner) -> Task<> {
        for (std::uint64_t round = 1; round <= 3; ++round) {
            EXPECT_TRUE(runner.run_now("work").has_value());
            co_await rounds(runner, round);
        }
    });
    EXPECT_EQ(losing.released, 3);
    EXPECT_EQ(counted("failed"), 3U);
}

TEST_F(JobRunnerTest, ARoundWithoutALeaseIsSkipped) {
    losing.refuses = true;
    leases = &losing;
    auto alone = job(throw_bad_alloc);
    alone.scope = jobs::JobScope::registry;
    play({alone}, [](JobRunnerTest& test, jobs::JobRunner& runner) -> Task<> {
        EXPECT_TRUE(runner.run_now("work").has_value());
        co_await rounds(runner, 1);
        EXPECT_EQ(status(runner).last.value().outcome, RoundOutcome::skipped);
        test.losing.refuses = false;
        test.losing.fails = true;
        EXPECT_TRUE(runner.run_now("work").has_value());
        co_await rounds(runner, 2);
        EXPECT_EQ(status(runner).last.value().error, "the database is away");
    });
    EXPECT_EQ(counted("skipped"), 1U);
    EXPECT_EQ(losing.released, 0);
}

TEST_F(JobRunnerTest, ALostLeaseEndsTheRound) {
    leases = &losing;
    lease_renewal = std::chrono::milliseconds(1);
    auto alone = job(until_cancelled);
    alone.scope = jobs::JobScope::registry;
    play({alone}, [](JobRunnerTest&, jobs::JobRunner& runner) -> Task<> {
        EXPECT_TRUE(runner.run_now("work").has_value());
        co_await rounds(runner, 1);
        EXPECT_EQ(status(runner).last.value().outcome, RoundOutcome::failed);
        EXPECT_EQ(status(runner).last->error, "lease lost to another process");
    });
    EXPECT_EQ(counted("failed"), 1U);
}

TEST_F(JobRunnerTest, OfTwoProcessesOneRunsAJobOfTheRegistry) {
    auto alone = job(until_cancelled);
    alone.scope = jobs::JobScope::registry;
    play({alone}, [](JobRunnerTest& test, jobs::JobRunner& first) -> Task<> {
        EXPECT_TRUE(first.run_now("work").has_value());
        co_await running(first);
        auto const lease = co_await test.sqlite_leases.acquire("job/work", "other", std::chrono::seconds(60));
        EXPECT_FALSE(lease.value());
        EXPECT_TRUE(first.cancel("work").value());
        co_await rounds(first, 1);
        auto const after = co_await test.sqlite_leases.acquire("job/work", "other", std::chrono::seconds(60));
        EXPECT_TRUE(after.value());
    });
}

TEST_F(JobRunnerTest, ADisabledJobRunsOnRequestOnly) {
    auto off = job([](Round const&) -> Items { co_return std::size_t{0}; });
    off.enabled = false;
    off.first_delay = std::chrono::seconds(0);
    play({off}, [](JobRunnerTest&, jobs::JobRunner& runner) -> Task<> {
        for (int turn = 0; turn < 10; ++turn) co_await asio::post(use_task);
        EXPECT_EQ(status(runner).rounds, 0U);
        EXPECT_EQ(status(runner).state, JobState::disabled);
        EXPECT_FALSE(status(runner).next_at);
        EXPECT_TRUE(runner.run_now("work").has_value());
        co_await rounds(runner, 1);
        EXPECT_EQ(status(runner).state, JobState::disabled);
        EXPECT_FALSE(status(runner).next_at);
    });
}

TEST_F(JobRunnerTest, StopsWithoutWaitingForTheRoundsUnderWay) {
    auto endless = job([](Round const& round) -> Items {
        while (!round.cancelled()) co_await asio::post(use_task);
        co_return round.check().error();
    });
    auto waits = job(until_cancelled);
    waits.name = "waits";
    play({endless, waits}, [](JobRunnerTest&, jobs::JobRunner& runner) -> Task<> {
        EXPECT_TRUE(runner.run_now("work").has_value());
        EXPECT_TRUE(runner.run_now("waits").has_value());
        co_await running(runner);
        runner.stop();
        co_await rounds(runner, 1);
        EXPECT_EQ(runner.run_now("work").error().code, Errc::unavailable);
    });
    EXPECT_EQ(counted("cancelled"), 1U);
}

TEST_F(JobRunnerTest, KnowsItsJobsByNameAndNoOthers) {
    auto other = job(until_cancelled);
    other.name = "a-job";
    play({job(until_cancelled), other}, [](JobRunnerTest&, jobs::JobRunner& runner) -> Task<> {
        auto const all = runner.jobs();
        EXPECT_EQ(all.size(), 2U);
        EXPECT_EQ(all.front().name, "a-job");
        EXPECT_EQ(runner.job("missing").error().code, Errc::not_found);
        EXPECT_EQ(runner.run_now("missing").error().code, Errc::not_found);
        EXPECT_THAT(runner.cancel("missing").error().message,
                    ::testing::StartsWith("unknown job \"missing\": expected one of "));
        co_return;
    });
}
