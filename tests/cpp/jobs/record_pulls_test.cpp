#include "jobs/record_pulls.h"

#include "jobs/collector_fixture.h"
#include "jobs/pull_sample.h"
#include "jobs/retention.h"
#include "registry/pull_counter.h"

#include <gmock/gmock.h>
#include <list>
#include <optional>
#include <thread>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

namespace {

using namespace std::chrono_literals;

/// Pulls that cannot be recorded after a number of batches.
class FailingPulls final : public meta::Pulls {
  public:
    explicit FailingPulls(meta::Pulls& real) : real_(real) {}
    Task<Result<Time>> begin(Time now) override { return real_.begin(now); }
    Task<Result<>> begin_again(Time now) override {
        if (batches_left == 0) co_return Error{Errc::no_space, "no space left"};
        co_return co_await real_.begin_again(now);
    }
    Task<Result<std::optional<Time>>> counted_since() override { return real_.counted_since(); }
    Task<Result<>> record(std::vector<meta::PullCount> batch, Time now) override {
        if (batches_left == 0) co_return Error{Errc::no_space, "no space left"};
        --batches_left;
        co_return co_await real_.record(std::move(batch), now);
    }
    Task<Result<std::vector<meta::TagPulls>>> of_tags(oci::RepositoryName const& repository,
                                                      std::vector<std::string> tags) override {
        return real_.of_tags(repository, std::move(tags));
    }
    Task<Result<std::vector<meta::PulledTag>>> last_pulled(oci::RepositoryName const& repository,
                                                           std::optional<meta::PulledTag> after,
                                                           std::size_t limit) override {
        return real_.last_pulled(repository, std::move(after), limit);
    }
    int batches_left = 1000;

  private:
    meta::Pulls& real_;
};

/// The metadata with such pulls.
class FailingMeta final : public meta::MetaStore {
  public:
    explicit FailingMeta(meta::MetaStore& store) : pulled(store.pulls()), store_(store) {}
    [[nodiscard]] meta::Catalog& catalog() noexcept override { return store_.catalog(); }
    [[nodiscard]] meta::Links& links() noexcept override { return store_.links(); }
    [[nodiscard]] meta::Uploads& uploads() noexcept override { return store_.uploads(); }
    [[nodiscard]] meta::Audit& audit() noexcept override { return store_.audit(); }
    [[nodiscard]] meta::ScrubFacts& scrub() noexcept override { return store_.scrub(); }
    [[nodiscard]] meta::Accounts& accounts() noexcept override { return store_.accounts(); }
    [[nodiscard]] meta::Tokens& tokens() noexcept override { return store_.tokens(); }
    [[nodiscard]] meta::Keys& keys() noexcept override { return store_.keys(); }
    [[nodiscard]] meta::Journal& journal() noexcept override { return store_.journal(); }
    [[nodiscard]] meta::Leases& leases() noexcept override { return store_.leases(); }
    [[nodiscard]] meta::JobPlaces& places() noexcept override { return store_.places(); }
    [[nodiscard]] meta::Collection& collection() noexcept override { return store_.collection(); }
    [[nodiscard]] meta::Retention& retention() noexcept override { return store_.retention(); }
    [[nodiscard]] meta::RetentionPolicies& retention_policies() noexcept override {
        return store_.retention_policies();
    }
    [[nodiscard]] meta::Pulls& pulls() noexcept override { return pulled; }
    [[nodiscard]] meta::Consumers& consumers() noexcept override { return store_.consumers(); }
    Task<Result<>> check() override { return store_.check(); }
    FailingPulls pulled;

  private:
    meta::MetaStore& store_;
};

class RecordPulls : public test::CollectorTest {
  protected:
    void SetUp() override {
        CollectorTest::SetUp();
        parts.pulls = &counter;
    }
    void pull(std::string_view tag_name) {
        auto const found = run(registry::pull_manifest(parts, name, tag(tag_name))).value();
        counter.add(name, tag(tag_name), found.fact.digest, true);
    }
    meta::TagPulls of(std::string const& tag_name) {
        return run(meta->pulls().of_tags(name, {tag_name})).value().at(0);
    }
    /// Tag and number of each event of pulls, oldest first.
    std::vector<std::pair<std::string, std::uint64_t>> told() {
        std::vector<std::pair<std::string, std::uint64_t>> found;
        auto const page = run(meta->journal().after(0, 10'000)).value();
        for (auto const& change : page.items) {
            if (change.kind != meta::ChangeKind::manifest_pull) continue;
            found.emplace_back(change.details.tags.at(0).name, change.times);
        }
        return found;
    }
    /// So many names of one manifest, each pulled twice.
    void pull_names(int count) {
        auto const digest = push_image("one", "v1");
        for (int i = 0; i < 2 * count; ++i) counter.add(name, tag("t" + std::to_string(i / 2)), digest, true);
    }
    std::vector<std::string> tags() { return run(meta->catalog().tags(name, {{}, 100})).value().items; }

    registry::PullCounter counter{metrics, 1000};
};

}  // namespace

TEST_F(RecordPulls, WritesWhatWasCounted) {
    push_image("one", "v1");
    pull("v1");
    pull("v1");
    pass(60s);
    EXPECT_EQ(run(jobs::record_pulls(parts, log)).value(), 1U);
    EXPECT_EQ(of("v1").of_tag, (meta::PullRecord{clock.now(), 2}));
    EXPECT_EQ(of("v1").of_manifest, (meta::PullRecord{clock.now(), 2}));
    EXPECT_EQ(run(jobs::record_pulls(parts, log)).value(), 0U);
    EXPECT_EQ(metrics.counter("ocilot_pulls_recorded_total", "").value(), 2U);
}

TEST_F(RecordPulls, ArePartOfTheLogOnlyIfTheyAreToBeEvents) {
    push_image("one", "v1");
    pull("v1");
    ASSERT_TRUE(run(jobs::record_pulls(parts, log)).has_value());
    EXPECT_THAT(told(), IsEmpty());
    parts.pull_events = registry::PullEvents::all;
    pull("v1");
    pull("v1");
    counter.add(name, tag("asked"), sha256("x"), false);
    ASSERT_TRUE(run(jobs::record_pulls(parts, log)).has_value());
    EXPECT_THAT(told(), ElementsAre(::testing::Pair("v1", 2U)));
    EXPECT_EQ(metrics.counter("ocilot_pull_events_total", "").value(), 1U);
    ASSERT_TRUE(run(jobs::record_pulls(parts, log)).has_value());
    EXPECT_EQ(told().size(), 1U) << "there was no other pull";
}

TEST_F(RecordPulls, AChangeSaysWhenThePullsWereAndWhetherItIsOfASample) {
    auto const digest = push_image("one", "v1");
    auto const record = [&](registry::PullEvents events) {
        parts.pull_events = events;
        meta::ToldPulls expected{.first = clock.now(), .last = clock.now() + 20s, .sampled = false};
        counter.add(name, tag("v1"), digest, true, expected.first);
        counter.add(name, tag("v1"), digest, true, expected.last);
        pass(60s);
        EXPECT_TRUE(run(jobs::record_pulls(parts, log)).has_value());
        expected.sampled = events == registry::PullEvents::sampled;
        EXPECT_EQ(run(meta->journal().entries({.action = "manifest.pull"})).value().items.at(0).details.pulls,
                  expected);
    };
    record(registry::PullEvents::all);
    record(registry::PullEvents::sampled);
}

TEST_F(RecordPulls, AllNamesOfABatchAreEventsAndASampleIsBounded) {
    parts.pull_events = registry::PullEvents::all;
    pull_names(450);
    ASSERT_TRUE(run(jobs::record_pulls(parts, log)).has_value());
    EXPECT_EQ(told().size(), 450U);
    parts.pull_events = registry::PullEvents::sampled;
    pull_names(450);
    ASSERT_TRUE(run(jobs::record_pulls(parts, log)).has_value());
    auto const sample = told().size() - 450;
    EXPECT_LE(sample, jobs::max_pull_sample);
    EXPECT_GT(sample, 0U);
    std::uint64_t pulls = 0;
    for (auto const& [tag_name, times] : told()) pulls += times;
    EXPECT_EQ(pulls, 2U * 900U) << "the sample stands for all";
}

TEST_F(RecordPulls, WhatIsRecordedLaterIsToldOnce) {
    parts.pull_events = registry::PullEvents::all;
    pull_names(300);
    FailingMeta failing(*meta);
    registry::Registry broken{blobs, failing, open_gate, clock, random, *sessions, manifests, rules};
    broken.pulls = &counter;
    broken.pull_events = registry::PullEvents::all;
    failing.pulled.batches_left = 1;
    EXPECT_EQ(run(jobs::record_pulls(broken, log)).error().code, Errc::no_space);
    EXPECT_EQ(told().size(), 200U);
    broken.pull_events = registry::PullEvents::off;
    failing.pulled.batches_left = 1000;
    EXPECT_EQ(run(jobs::record_pulls(broken, log)).value(), 100U);
    EXPECT_EQ(told().size(), 200U) << "what goes back to the counter is decided on anew";
}

TEST_F(RecordPulls, AClockThatIsSetBackMakesNoPullOld) {
    push_image("one", "v1");
    auto const before = clock.now();
    clock.advance(-24h * 365);
    pull("v1");
    ASSERT_TRUE(run(jobs::record_pulls(parts, log)).has_value());
    EXPECT_EQ(of("v1").of_tag, (meta::PullRecord{before, 1}));
}

TEST_F(RecordPulls, ARegistryThatCountsNoneHasNothingToDo) {
    parts.pulls = nullptr;
    EXPECT_EQ(run(jobs::record_pulls(parts, log)).value(), 0U);
}

TEST_F(RecordPulls, WhatCannotBeWrittenIsWrittenLaterOnce) {
    push_image("one", "v1");
    auto const digest = run(meta->catalog().resolve(name, oci::Tag::parse("v1").value())).value().digest;
    for (int i = 0; i < 500; ++i) counter.add(name, tag("t" + std::to_string(i)), digest, true);
    FailingMeta failing(*meta);
    registry::Registry broken{blobs, failing, open_gate, clock, random, *sessions, manifests, rules};
    broken.pulls = &counter;
    failing.pulled.batches_left = 1;
    EXPECT_EQ(run(jobs::record_pulls(broken, log)).error().code, Errc::no_space);
    EXPECT_EQ(of("v1").of_manifest->pulls, 200U);
    failing.pulled.batches_left = 1000;
    EXPECT_EQ(run(jobs::record_pulls(broken, log)).value(), 300U);
    EXPECT_EQ(of("v1").of_manifest->pulls, 500U);
}

TEST_F(RecordPulls, WhatWasDroppedIsInTheLog) {
    auto const digest = push_image("one", "v1");
    ASSERT_TRUE(run(jobs::record_pulls(parts, log)).has_value());
    EXPECT_THAT(sink.text(), Not(HasSubstr("pulls not counted")));
    for (int i = 0; i < 1003; ++i) counter.add(name, tag("t" + std::to_string(i)), digest, true);
    ASSERT_TRUE(run(jobs::record_pulls(parts, log)).has_value());
    EXPECT_THAT(sink.text(), HasSubstr("pulls not counted"));
    EXPECT_THAT(sink.text(), HasSubstr("pulls=3"));
}

/// A tag whose pull was dropped may be in use.
TEST_F(RecordPulls, CountingBeginsAgainWhenPullsWereDropped) {
    auto const digest = push_image("one", "v1");
    ASSERT_TRUE(run(meta->pulls().begin(clock.now())).has_value());
    auto const began = clock.now();
    pass(60s);
    FailingMeta failing(*meta);
    registry::Registry broken{blobs, failing, open_gate, clock, random, *sessions, manifests, rules};
    broken.pulls = &counter;
    failing.pulled.batches_left = 0;
    for (int i = 0; i < 1001; ++i) counter.add(name, tag("t" + std::to_string(i)), digest, false);
    EXPECT_EQ(run(jobs::record_pulls(broken, log)).error().code, Errc::no_space);
    EXPECT_EQ(run(meta->pulls().counted_since()).value(), began);
    ASSERT_TRUE(run(jobs::record_pulls(parts, log)).has_value());
    EXPECT_EQ(run(meta->pulls().counted_since()).value(), clock.now());
    auto const again = clock.now();
    pass(60s);
    ASSERT_TRUE(run(jobs::record_pulls(parts, log)).has_value());
    EXPECT_EQ(run(meta->pulls().counted_since()).value(), again);
}

/// The job has taken pulls from the counter, and is not done with them.
TEST_F(RecordPulls, RulesWaitForPullsThatAreBeingRecorded) {
    auto const digest = push_image("one", "v1");
    counter.add(name, tag("v1"), digest, true);
    BlockingPool pool{1};
    jobs::Retention retention(jobs::RetentionParts{parts, pool}, {}, log, metrics);
    auto recording = std::make_optional<registry::PullCounter::Recording>(counter);
    std::list<std::vector<meta::PullCount>> taken;
    taken.push_back(counter.take());
    std::thread job([&] {
        std::this_thread::sleep_for(50ms);
        counter.put_back(std::move(taken));
        recording.reset();
    });
    auto const why = run(retention.explain(name, oci::Tag::parse("v1").value())).value();
    job.join();
    EXPECT_THAT(why, HasSubstr(R"("pulls":1)"));
}

TEST_F(RecordPulls, RetentionKnowsThePullsOfTheMoment) {
    auto const source =
        R"([{"name":"p","repositories":["team/**"],"floor":0,"fuse":"100%",)"
        R"("keep":[{"tags":"*","pulled-within":"7d"}],"delete":[{"tags":"*","older-than":"1d"}]}])";
    BlockingPool pool{1};
    jobs::Round asked;  // Whatever the schedule says.
    asked.reset(true);
    jobs::RetentionSettings settings{jobs::RetentionRules::parse(source).value(), true};
    jobs::Retention retention(jobs::RetentionParts{parts, pool}, std::move(settings), log, metrics);
    push_image("one", "used");
    push_image("two", "unused");
    pass(std::chrono::days(30));
    EXPECT_EQ(run(retention.round(asked)).value(), 0U) << "pulls were not counted before";
    ASSERT_TRUE(run(meta->pulls().begin(clock.now())).has_value());
    pass(std::chrono::days(6));
    EXPECT_EQ(run(retention.round(asked)).value(), 0U) << "not counted for long enough";
    pass(std::chrono::days(2));
    pull("used");
    EXPECT_EQ(run(retention.round(asked)).value(), 1U);
    EXPECT_THAT(tags(), ElementsAre("used"));
    auto const why = run(retention.explain(name, oci::Tag::parse("used").value())).value();
    EXPECT_THAT(why, HasSubstr("tags *, pulled within 7d: pulled 0s ago"));
    EXPECT_THAT(why, HasSubstr(R"("pulls":1)"));
    EXPECT_THAT(why, HasSubstr(R"("pulled_at":")" + rfc3339(clock.now())));
    pass(std::chrono::days(8));
    EXPECT_EQ(run(retention.round(asked)).value(), 1U);
    EXPECT_THAT(tags(), IsEmpty());
}
