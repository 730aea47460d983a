#include "auth_fixture.h"
#include "jobs/job_control.h"

#include <gmock/gmock.h>

namespace ocilot::http {
namespace {

using nlohmann::json;
using testing::ElementsAre;

/// One job, `scrub`, and what was asked of it.
class FixedJobs final : public jobs::JobControl {
  public:
    [[nodiscard]] std::vector<jobs::JobStatus> jobs() const override { return {status}; }
    [[nodiscard]] Result<jobs::JobStatus> job(std::string_view name) const override {
        if (name != status.name) return Error{Errc::not_found, "unknown job"};
        return status;
    }
    Result<jobs::RequestedRound> run_now(std::string_view name) override {
        if (name != status.name) return Error{Errc::not_found, "unknown job"};
        if (stopping) return Error{Errc::unavailable, "the registry is stopping"};
        bool const already = std::exchange(running, true);
        return jobs::RequestedRound{8, already};
    }
    Result<bool> cancel(std::string_view name) override {
        if (name != status.name) return Error{Errc::not_found, "unknown job"};
        return std::exchange(running, false);
    }
    jobs::JobStatus status{
        .name = "scrub", .purpose = "Read every blob.", .interval = std::chrono::hours(168), .rounds = 7};
    bool running = false;
    bool stopping = false;
};

class JobsApi : public test::AuthTest {
  protected:
    void SetUp() override {
        AuthTest::SetUp();
        job_control = &control;
        join();
    }
    Answer boss(Method method, std::string const& target) { return as(basic("boss"), method, target); }
    std::vector<std::string> noted() {
        std::vector<std::string> all;
        for (auto const& entry :
             ocilot::test::run(meta->journal().entries({.action = "job."})).value().items) {
            all.push_back(entry.by.name + " " + std::string(to_string(entry.kind)) + " " + entry.name);
        }
        return all;
    }
    FixedJobs control;
};

TEST_F(JobsApi, ListsTheJobsWithTheirLastResult) {
    auto const start = time.now();
    control.status.next_at = start;
    control.status.last = jobs::RoundResult{.started_at = start,
                                            .duration = std::chrono::milliseconds(1500),
                                            .outcome = jobs::RoundOutcome::failed,
                                            .items = 2,
                                            .error = "the disk is full"};
    auto const all = boss(Method::get, "/api/v1/jobs");
    EXPECT_EQ(all.status(), 200U);
    EXPECT_EQ(all["Cache-Control"], "no-store");
    auto const job = json::parse(all.text)["jobs"][0];
    EXPECT_EQ(job, json::parse(R"({"name":"scrub","purpose":"Read every blob.","state":"idle",
        "interval_seconds":604800,"next_at":"2023-11-14T22:13:20.000000Z","running_since":null,"rounds":7,
        "last":{"started_at":"2023-11-14T22:13:20.000000Z","seconds":1.5,"outcome":"failed","items":2,
        "error":"the disk is full"}})"));
    auto const one = boss(Method::get, "/api/v1/jobs/scrub");
    EXPECT_EQ(one.status(), 200U);
    EXPECT_EQ(json::parse(one.text), job);
}

TEST_F(JobsApi, StartsARoundAndNotesWhoDidIt) {
    auto const started = boss(Method::post, "/api/v1/jobs/scrub");
    EXPECT_EQ(started.status(), 202U);
    EXPECT_EQ(started["Location"], "/api/v1/jobs/scrub");
    EXPECT_EQ(json::parse(started.text),
              json::parse(R"({"name":"scrub","round":8,"already_running":false})"));
    EXPECT_EQ(json::parse(boss(Method::post, "/api/v1/jobs/scrub").text)["already_running"], true);
    EXPECT_THAT(noted(), ElementsAre("boss job.run scrub", "boss job.run scrub"));
}

TEST_F(JobsApi, CancelsARoundAndNotesWhoDidIt) {
    EXPECT_EQ(boss(Method::del, "/api/v1/jobs/scrub").status(), 200U) << "none is under way";
    EXPECT_THAT(noted(), ElementsAre());
    control.running = true;
    auto const cancelled = boss(Method::del, "/api/v1/jobs/scrub");
    EXPECT_EQ(cancelled.status(), 202U);
    EXPECT_EQ(json::parse(cancelled.text), json::parse(R"({"name":"scrub","cancelled":true})"));
    EXPECT_THAT(noted(), ElementsAre("boss job.cancel scrub"));
}

TEST_F(JobsApi, AnswersWhatCannotBeDone) {
    for (auto const method : {Method::get, Method::post, Method::del}) {
        EXPECT_EQ(boss(method, "/api/v1/jobs/missing").status(), 404U);
    }
    control.stopping = true;
    EXPECT_EQ(boss(Method::post, "/api/v1/jobs/scrub").status(), 503U);
    job_control = nullptr;
    join();
    EXPECT_EQ(boss(Method::get, "/api/v1/jobs").status(), 404U);
    EXPECT_THAT(noted(), ElementsAre());
}

}  // namespace
}  // namespace ocilot::http
