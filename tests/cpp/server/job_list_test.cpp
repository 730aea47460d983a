#include "server/job_list.h"

#include "jobs/job_runner.h"
#include "meta/sqlite/temporary_directory.h"
#include "net/certificate.h"
#include "registry/fixture.h"
#include "registry/pull_counter.h"
#include "registry/storage_room.h"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <gmock/gmock.h>
#include <new>

using namespace ocilot;
using testing::ElementsAre;

namespace {

/// The jobs of a registry that has everything there can be a job for.
class JobListTest : public test::RegistryTest {
  protected:
    void SetUp() override {
        parts.room = &room;
        parts.pulls = &pulls;
        parts.rules.quotas = {{.repositories = {}, .limits = {.tags = 10}}};
    }
    std::vector<jobs::Job> list() {
        return server::job_list({settings, parts, blobs, collector, retention, refusals, *access,
                                 certificates.get(), pool, log, metrics})
            .value();
    }
    static server::AuthSettings with_accounts() {
        server::AuthSettings auth;
        auth.accounts = true;
        return auth;
    }
    std::unique_ptr<net::TlsCertificates> make_certificates() {
        net::TlsSettings tls;
        tls.certificate_file = (directory.path() / "cert.pem").string();
        tls.key_file = (directory.path() / "key.pem").string();
        test::write_certificate(tls, "registry.test");
        return net::TlsCertificates::load(tls).value();
    }
    std::vector<std::string> names() {
        std::vector<std::string> all;
        for (auto const& job : list()) all.push_back(job.name);
        std::ranges::sort(all);
        return all;
    }

    server::Settings settings;
    meta::TemporaryDirectory directory = meta::TemporaryDirectory::make().value();
    BlockingPool pool{1};
    registry::PullCounter pulls{metrics};
    registry::StorageRoom room{{blobs, steady, log, metrics}, 0, "/data"};
    jobs::Collector collector{parts, blobs, {}, log, metrics};
    jobs::Retention retention{{parts, pool}, {}, log, metrics};
    auth::Refusals refusals{meta->journal(), clock, metrics};
    std::unique_ptr<server::AccessControl> access =
        server::AccessControl::open(with_accounts(),
                                    {open_gate, clock, random, log, metrics, meta->accounts(), meta->tokens(),
                                     meta->keys(), refusals})
            .value();
    std::unique_ptr<net::TlsCertificates> certificates = make_certificates();
};

Task<Result<std::size_t>> then_throw(Task<Result<std::size_t>> round) {
    co_await std::move(round);
    throw std::bad_alloc();
}

/// Does the round, and fails where a caller would not expect it.
jobs::Job failing(jobs::Job job) {
    job.round = [real = job.round](jobs::Round const& round) { return then_throw(real(round)); };
    return job;
}

/// A round of every job, twice; then the end.
Task<> play_rounds(jobs::JobRunner& runner) {
    TaskGroup tasks(co_await asio::this_coro::executor);
    tasks.spawn(runner.run());
    for (std::uint64_t round = 1; round <= 2; ++round) {
        for (auto const& job : runner.jobs()) {
            EXPECT_TRUE(runner.run_now(job.name).has_value());
            while (runner.job(job.name).value().rounds < round) co_await asio::post(use_task);
        }
    }
    runner.stop();
    co_await tasks.join();
}

Task<> play(std::vector<jobs::Job> list, jobs::JobParts parts, std::vector<jobs::JobStatus>& after) {
    jobs::JobRunner runner(co_await asio::this_coro::executor, std::move(parts));
    for (auto& job : list) {
        job.first_delay = std::chrono::hours(1);  // Only on request.
        job.interval = std::chrono::hours(1);
        runner.add(std::move(job));
    }
    co_await play_rounds(runner);
    after = runner.jobs();
}

}  // namespace

TEST_F(JobListTest, HasAJobForEverythingThatTheRegistryHas) {
    EXPECT_THAT(names(),
                ElementsAre("apply-retention", "collect-garbage", "expire-audit-log", "expire-tag-history",
                            "expire-uploads", "flush-refusals", "measure-free-space", "measure-storage",
                            "pin-images", "rank-repositories", "record-pulls", "record-token-use",
                            "reload-certificates", "rotate-keys", "scrub", "watch-quotas"));
    certificates.reset();
    settings.storage.in_memory = true;
    parts.room = nullptr;
    parts.pulls = nullptr;
    parts.rules.quotas.clear();
    access = server::AccessControl::open({}, {open_gate, clock, random, log, metrics, meta->accounts(),
                                              meta->tokens(), meta->keys(), refusals})
                 .value();
    EXPECT_THAT(names(), ElementsAre("apply-retention", "collect-garbage", "expire-audit-log",
                                     "expire-tag-history", "expire-uploads", "flush-refusals",
                                     "measure-storage", "pin-images", "rank-repositories"));
}

TEST_F(JobListTest, AJobThatIsSwitchedOffIsDisabled) {
    settings.upkeep.scrub = settings.uploads.purge = settings.upkeep.gc = settings.retention.scheduled =
        false;
    settings.upkeep.audit_age = settings.upkeep.history_age = std::chrono::seconds(0);
    settings.events.keep = std::chrono::seconds(0);
    settings.upkeep.history_entries = 0;
    std::vector<std::string> disabled;
    for (auto const& job : list()) {
        if (!job.enabled) disabled.push_back(job.name);
    }
    EXPECT_THAT(disabled, ElementsAre("expire-uploads", "collect-garbage", "apply-retention",
                                      "expire-audit-log", "expire-tag-history", "scrub"));
}

TEST_F(JobListTest, EveryJobDoesItsRound) {
    std::vector<jobs::JobStatus> after;
    test::run(play(list(), {clock, log, metrics, meta->leases(), "me"}, after));
    for (auto const& job : after) {
        EXPECT_EQ(job.last.value().outcome, jobs::RoundOutcome::ok) << job.name << ": " << job.last->error;
        EXPECT_FALSE(job.purpose.empty()) << job.name;
    }
}

TEST_F(JobListTest, BadAllocInAnyJobEndsThatRoundOnly) {
    auto all = list();
    for (auto& job : all) job = failing(std::move(job));
    std::vector<jobs::JobStatus> after;
    test::run(play(std::move(all), {clock, log, metrics, meta->leases(), "me"}, after));
    EXPECT_EQ(after.size(), names().size());
    for (auto const& job : after) {
        EXPECT_EQ(job.rounds, 2U) << job.name;
        EXPECT_EQ(job.last.value().outcome, jobs::RoundOutcome::failed) << job.name;
        EXPECT_EQ(job.last->error, "std::bad_alloc") << job.name;
    }
}
