// Who may ask for readiness and metrics, how often, and what that costs.
#include "auth_fixture.h"
#include "http/core/readiness.h"
#include "registry/small_store.h"
#include "registry/storage_room.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

namespace ocilot::http {
namespace {

/// A store whose check ends when the test says so; nothing else is asked of it.
class HeldBlobs final : public blob::BlobStore {
  public:
    Task<Result<std::unique_ptr<blob::Upload>>> create(Uuid, oci::Algorithm) override { co_return nothing(); }
    Task<Result<std::unique_ptr<blob::Upload>>> resume(Uuid, oci::Algorithm, std::string) override {
        co_return nothing();
    }
    Task<Result<>> discard(Uuid) override { co_return nothing(); }
    Task<Result<>> put(oci::Digest const&, std::span<std::byte const>) override { co_return nothing(); }
    Task<Result<std::uint64_t>> stat(oci::Digest const&) override { co_return nothing(); }
    Task<Result<std::unique_ptr<blob::Blob>>> open(oci::Digest const&) override { co_return nothing(); }
    Task<Result<>> check() override {
        ++checks;
        if (!holds) co_return outcome;
        co_return co_await suspend<Result<>>(
            [this](Resume<Result<>> resume) { held.push_back(std::move(resume)); });
    }
    void release() {
        for (auto& resume : std::exchange(held, {})) resume(outcome);
    }
    int checks = 0;
    bool holds = false;
    Result<> outcome;
    std::vector<Resume<Result<>>> held;

  private:
    static Error nothing() { return {Errc::unsupported, "only probes are expected"}; }
};

class Ready : public test::AuthTest {
  protected:
    registry::Registry with_held() { return {held, *meta, *gate, time, random, sessions, manifests, rules}; }
    std::uint64_t probes(std::string_view result) {
        return metrics.counter("ocilot_readiness_probes_total", "", {{"result", std::string(result)}})
            .value();
    }
    HeldBlobs held;
};

Task<> keep_probe(Readiness& readiness, std::vector<Probe>& answers) {
    answers.push_back(co_await readiness.probe());
}

TEST_F(Ready, CallersShareTheProbeThatRuns) {
    auto registry = with_held();
    Readiness readiness(registry, metrics);
    held.holds = true;
    std::vector<Probe> answers;
    asio::io_context context(1);
    for (int i = 0; i < 100; ++i)
        asio::co_spawn(context, keep_probe(readiness, answers), [](std::exception_ptr) {});
    context.poll();
    EXPECT_EQ(held.checks, 1);
    EXPECT_TRUE(answers.empty());
    held.release();
    context.run();
    ASSERT_EQ(answers.size(), 100U);
    for (auto const& answer : answers) EXPECT_TRUE(answer.trouble.empty());
    EXPECT_EQ(held.checks, 1);
    EXPECT_EQ(probes("ready"), 1U);
}

TEST_F(Ready, AProbeIsRepeatedAfterASecond) {
    auto registry = with_held();
    Readiness readiness(registry, metrics);
    auto const first = ocilot::test::run(readiness.probe());
    time.time += std::chrono::milliseconds(999);
    EXPECT_EQ(ocilot::test::run(readiness.probe()).at, first.at);
    EXPECT_EQ(held.checks, 1);
    time.time += std::chrono::milliseconds(1);
    EXPECT_EQ(ocilot::test::run(readiness.probe()).at, time.now());
    EXPECT_EQ(held.checks, 2);
    time.time -= std::chrono::hours(1);  // The clock is set back.
    EXPECT_EQ(ocilot::test::run(readiness.probe()).at, time.now());
    EXPECT_EQ(held.checks, 3);
}

TEST_F(Ready, AFailureIsProbedAgainAtOnce) {
    auto registry = with_held();
    Readiness readiness(registry, metrics);
    held.outcome = Error{Errc::io, "broken"};
    EXPECT_EQ(ocilot::test::run(readiness.probe()).trouble, "the blob store does not answer");
    EXPECT_EQ(probes("failed"), 1U);
    held.outcome = {};
    EXPECT_EQ(ocilot::test::run(readiness.probe()).trouble, "");
}

TEST_F(Ready, AFullStoreIsReadyAndSaysSo) {
    auto registry = with_held();
    Readiness readiness(registry, metrics);
    held.outcome = Error{Errc::no_space, "no space left on device"};
    auto const probe = ocilot::test::run(readiness.probe());
    EXPECT_EQ(probe.trouble, "");
    EXPECT_TRUE(probe.full);
    EXPECT_EQ(probes("ready"), 1U);
}

TEST_F(Ready, AProbeThatHangsIsNotWaitedForByThoseWhoComeLater) {
    auto registry = with_held();
    Readiness readiness(registry, metrics);
    held.holds = true;
    std::vector<Probe> answers;
    asio::io_context context(1);
    asio::co_spawn(context, keep_probe(readiness, answers), [](std::exception_ptr) {});
    context.poll();
    time.time += Readiness::patience;
    EXPECT_EQ(ocilot::test::run(readiness.probe()).trouble, "probe of the stores still running");
    EXPECT_EQ(held.checks, 1);
    held.release();
    context.run();
}

class MetricsAccess : public test::AuthTest {};

TEST_F(MetricsAccess, IsForAdministratorsWhereThereAreAccounts) {
    auto const refused = get("/metrics");
    EXPECT_EQ(refused.status(), 401U);
    EXPECT_EQ(refused["WWW-Authenticate"], R"(Basic realm="metrics")");
    EXPECT_FALSE(refused.says("ocilot_"));
    EXPECT_EQ(as(basic("reader"), Method::get, "/metrics").status(), 403U);
    EXPECT_EQ(as(basic("boss", "wrong"), Method::get, "/metrics").status(), 401U);
    EXPECT_EQ(as(basic("boss"), Method::get, "/metrics").status(), 200U);
    EXPECT_EQ(get("/healthz").status(), 200U);
    EXPECT_EQ(get("/readyz").status(), 200U);
}

TEST_F(MetricsAccess, IsForTheReadersOfTheConfiguration) {
    auto const allow = [this](std::string const& subject) {
        metrics_readers =
            auth::Rules::compile({{{"**"}, {{subject, {"admin"}}}}}, {{"ops", {"writer"}}}).value();
        join();
    };
    allow("robot:bot");
    EXPECT_EQ(as("Basic " + jose::to_base64("bot:" + add_secret("bot")), Method::get, "/metrics").status(),
              200U);
    EXPECT_EQ(as(basic("writer"), Method::get, "/metrics").status(), 403U);
    EXPECT_EQ(as(basic("bot"), Method::get, "/metrics").status(), 401U);
    allow("group:ops");
    EXPECT_EQ(as(basic("writer"), Method::get, "/metrics").status(), 200U);
    EXPECT_EQ(get("/metrics").status(), 401U);
    allow("anonymous");
    EXPECT_EQ(get("/metrics").status(), 200U);
    EXPECT_EQ(as(basic("writer"), Method::get, "/api/v1/jobs").status(), 403U) << "it gives no other right";
}

TEST_F(MetricsAccess, ReadinessAndMetricsCountAsReadsOfTheirAddress) {
    auth::RateRule rule;
    rule.classes = {auth::RequestClass::reads};
    rule.requests = 2;
    rates.emplace(std::vector<auth::RateRule>{rule}, metrics);
    join();
    EXPECT_EQ(get("/readyz")["RateLimit-Remaining"], "1;w=60");
    EXPECT_EQ(get("/metrics").status(), 401U);
    auto const refused = get("/readyz");
    EXPECT_EQ(refused.status(), 429U);
    EXPECT_EQ(refused["Retry-After"], "30");
    EXPECT_EQ(get("/metrics").status(), 429U);
    EXPECT_EQ(get("/healthz").status(), 200U);
}

TEST_F(MetricsAccess, ARefusalSaysWhoMayRead) {
    auto const refused = as(basic("reader"), Method::get, "/metrics");
    EXPECT_EQ(refused.status(), 403U);
    EXPECT_TRUE(refused.says("metrics are for administrators and the callers in ocilot.metrics.readers"));
    EXPECT_FALSE(refused.says("login required"));
    EXPECT_TRUE(get("/metrics").says("login required: metrics are for administrators"));
}

TEST_F(MetricsAccess, ReadinessTellsOnlyAdministratorsWhereTheDataAre) {
    ocilot::test::SmallStore store;
    store.room.free = 0;
    registry::StorageRoom room{{store, time, log, metrics}, 1024, "/data"};
    parts->room = &room;
    for (auto const& said : {get("/readyz"), as(basic("reader"), Method::get, "/readyz"),
                             as(basic("boss", "x"), Method::get, "/readyz")}) {
        EXPECT_EQ(said.status(), 200U);
        EXPECT_TRUE(said.says("file system of the data directory is full"));
        EXPECT_FALSE(said.says("/data"));
    }
    EXPECT_TRUE(as(basic("boss"), Method::get, "/readyz").says("data directory: /data\n"));
    parts->room = nullptr;
}

class OpenMetrics : public test::AppTest {};

TEST_F(OpenMetrics, AreForEverybodyWhereNobodyCanLogIn) {
    EXPECT_EQ(get("/metrics").status(), 200U);
    auto const ready = get("/readyz");
    EXPECT_EQ(ready.text, "ready\nstores probed at 2023-11-14T22:13:20.000000Z\n");
}

}  // namespace
}  // namespace ocilot::http
