#include "jobs/retention_schedule.h"

#include "jobs/collector_fixture.h"
#include "jobs/retention.h"
#include "meta/sqlite/temporary_directory.h"

#include <fstream>
#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace {

using namespace std::chrono_literals;

/// A policy that deletes what starts with its name.
std::string a_policy(std::string const& name, std::string const& keys, std::string const& keep = "kept-*") {
    return R"({"name":")" + name + R"(","repositories":["**"],"floor":0,"keep":[{"tags":")" + keep +
           R"("}],"delete":[{"tags":")" + name + R"(-*"}])" + keys + "}";
}

/// Rounds of the job as its schedule has them. The clocks start at 22:13:20.
class RetentionScheduleTest : public test::CollectorTest {
  protected:
    /// A process starts with these policies.
    void start(std::string const& policies, bool first_run_applies = true) {
        jobs::RetentionSettings settings{jobs::RetentionRules::parse("[" + policies + "]").value(),
                                         first_run_applies};
        retention.emplace(jobs::RetentionParts{parts, pool}, std::move(settings), log, metrics);
        look();
    }
    std::size_t look() { return run(retention->round(round)).value(); }
    /// Time in which the job looks what is due every hour.
    std::size_t live(std::chrono::hours time) {
        std::size_t deleted = 0;
        for (auto passed = 0h; passed < time; passed += 1h) {
            pass(1h);
            deleted += look();
        }
        return deleted;
    }
    std::size_t plans() { return run(meta->retention().plans({}, 100)).value().size(); }
    std::vector<std::string> tags() { return run(meta->catalog().tags(name, {{}, 100})).value().items; }
    void push_tags(std::initializer_list<std::string_view> names) {
        for (auto const tag : names) push_image("layer of " + std::string(tag), tag);
    }
    std::int64_t waiting() { return metrics.gauge("ocilot_retention_plan_waiting", "").value(); }
    /// An administrator applies a plan of all policies.
    std::size_t apply_now() {
        auto const made = run(retention->plan({}, boss)).value();
        EXPECT_TRUE(run(retention->request({made.id, false, boss})).has_value());
        return look();
    }

    meta::Actor const boss{.name = "boss", .kind = "user"};
    BlockingPool pool{1};
    std::optional<jobs::Retention> retention;
};

}  // namespace

TEST_F(RetentionScheduleTest, EachPolicyRunsInItsOwnTime) {
    push_tags({"a-1", "b-1", "other"});
    start(a_policy("a", R"(,"every":"4h")") + "," + a_policy("b", R"(,"at":"12:00")"));
    EXPECT_EQ(plans(), 0U) << "at a start nothing is due";
    pass(10min);
    EXPECT_EQ(look(), 1U);
    EXPECT_THAT(tags(), ElementsAre("b-1", "other"));
    push_tags({"a-2"});
    EXPECT_EQ(live(3h), 0U);
    EXPECT_EQ(live(1h), 1U);
    EXPECT_THAT(tags(), ElementsAre("b-1", "other"));
    EXPECT_EQ(live(9h), 0U) << "11:23";
    EXPECT_EQ(live(1h), 1U) << "12:23";
    EXPECT_THAT(tags(), ElementsAre("other"));
}

/// `keep` wins over `delete` of every policy, also of one that is not due.
TEST_F(RetentionScheduleTest, TheKeepRulesOfAllPoliciesCountInEveryRun) {
    push_tags({"a-1", "a-2"});
    start(a_policy("a", R"(,"every":"4h")") + "," + a_policy("b", R"(,"at":"12:00")", "a-2"));
    pass(10min);
    EXPECT_EQ(look(), 1U);
    EXPECT_THAT(tags(), ElementsAre("a-2"));
}

/// What a plan of all policies leaves, no run of one of them takes.
TEST_F(RetentionScheduleTest, TheFloorsOfAllPoliciesCountInEveryRun) {
    for (auto const tag : {"a-1", "a-2", "a-3"}) {
        push_tags({tag});
        pass(1h);
    }
    auto other = a_policy("b", R"(,"at":"12:00")");
    other.replace(other.find(R"("floor":0)"), 9, R"("floor":2)");
    start(a_policy("a", R"(,"every":"4h")") + "," + other);
    pass(10min);
    EXPECT_EQ(look(), 1U);
    EXPECT_THAT(tags(), ElementsAre("a-2", "a-3"));
}

TEST_F(RetentionScheduleTest, DueTimesAreKeptAcrossRestarts) {
    auto const weekly = a_policy("a", R"(,"every":"7d")");
    start(weekly);
    pass(10min);
    look();
    EXPECT_EQ(plans(), 1U);
    push_tags({"a-1"});
    for (int day = 0; day < 6; ++day) {
        EXPECT_EQ(live(23h), 0U);
        start(weekly);
        pass(1h);
    }
    EXPECT_EQ(live(23h), 0U);
    EXPECT_EQ(plans(), 1U);
    EXPECT_EQ(live(1h), 1U);
    EXPECT_THAT(tags(), IsEmpty());
}

TEST_F(RetentionScheduleTest, AnotherScheduleCountsFromTheStart) {
    start(a_policy("a", R"(,"every":"7d")"));
    pass(10min);
    look();
    start(a_policy("a", R"(,"every":"1h")"));
    pass(10min);
    look();
    EXPECT_EQ(plans(), 2U);
}

TEST_F(RetentionScheduleTest, AClockThatIsSetForwardWhileItRunsAppliesNothingEarly) {
    auto const old =
        R"({"name":"p","repositories":["**"],"floor":0,"delete":[{"tags":"*","older-than":"30d"}]})";
    push_tags({"v1"});
    start(old);
    pass(10min);
    look();
    clock.advance(24h * 365);
    EXPECT_EQ(look(), 0U);
    EXPECT_EQ(plans(), 1U) << "it is not due";
    EXPECT_EQ(apply_now(), 0U) << "and nothing is older";
    EXPECT_EQ(live(24h), 0U);
    EXPECT_EQ(plans(), 3U) << "the schedule continues";
    EXPECT_THAT(tags(), ElementsAre("v1"));
}

TEST_F(RetentionScheduleTest, AClockThatIsSetForwardBetweenTwoProcessesAppliesNothingByItself) {
    auto const old =
        R"({"name":"p","repositories":["**"],"floor":0,"delete":[{"tags":"*","older-than":"30d"}]})";
    push_tags({"v1"});
    start(old);
    pass(24h * 365);
    start(old);
    EXPECT_THAT(sink.text(), HasSubstr("retention waits for an administrator"));
    EXPECT_EQ(live(72h), 0U);
    EXPECT_THAT(tags(), ElementsAre("v1"));
    EXPECT_EQ(waiting(), 1);
    start(old);
    EXPECT_EQ(live(24h), 0U) << "a restart changes nothing about that";
    EXPECT_EQ(waiting(), 1);
    EXPECT_EQ(apply_now(), 1U);
    EXPECT_EQ(waiting(), 0);
    push_tags({"v2"});
    EXPECT_EQ(live(24h * 31), 1U) << "an administrator has seen the ages";
}

TEST_F(RetentionScheduleTest, AClockThatIsSetBackDelaysNoPlanForLong) {
    auto const daily = a_policy("a", R"(,"every":"24h")");
    start(daily);
    pass(10min);
    look();
    pass(-24h * 365);
    push_tags({"a-1"});
    start(daily);
    EXPECT_EQ(live(24h), 1U);
}

TEST_F(RetentionScheduleTest, APlanThatFailsIsMadeAgainSoon) {
    auto const directory = meta::TemporaryDirectory::make().value();
    auto const list = (directory.path() / "used.txt").string();
    push_tags({"v1", "v2"});
    start(R"({"name":"p","repositories":["**"],"floor":0,"every":"7d","keep":[{"in-use":"file:)" + list +
          R"("}],"delete":[{"tags":"v*"}]})");
    pass(10min);
    EXPECT_TRUE(run(retention->round(round)).has_error());
    EXPECT_EQ(look(), 0U) << "not at once";
    std::ofstream(list) << "team/app:v2\n";
    pass(1h);
    EXPECT_EQ(look(), 1U);
    EXPECT_THAT(tags(), ElementsAre("v2"));
}

/// The first plan of new rules waits: the plan of one policy says nothing about another.
TEST_F(RetentionScheduleTest, APlanOfOnePolicyMakesNoOtherKnown) {
    auto const both = a_policy("a", R"(,"every":"4h")") + "," + a_policy("b", R"(,"every":"8h")");
    push_tags({"a-1", "b-1"});
    start(both, false);
    pass(10min);
    look();  // Both are due at first.
    EXPECT_EQ(waiting(), 1);
    EXPECT_EQ(live(4h), 0U);
    auto const newest = run(meta->retention().plans({}, 1)).value().at(0);
    EXPECT_EQ(jobs::plan_of(newest)->policies, std::vector<std::string>{"a"});
    ASSERT_TRUE(run(retention->request({newest.id, false, boss})).has_value());
    EXPECT_EQ(look(), 1U);
    EXPECT_THAT(tags(), ElementsAre("b-1"));
    EXPECT_EQ(waiting(), 1) << "that of b";
    push_tags({"a-2"});
    EXPECT_EQ(live(4h), 0U) << "a plan of both: b is not known";
    EXPECT_EQ(live(4h), 1U) << "a plan of a";
    EXPECT_THAT(tags(), ElementsAre("b-1"));
    EXPECT_EQ(apply_now(), 1U);
    EXPECT_EQ(waiting(), 0);
}

/// Who only plans must not be able to push out one that waits for an administrator.
TEST_F(RetentionScheduleTest, PlansOfClientsTakeNoPlaceOfOneThatWaits) {
    push_tags({"a-1"});
    start(a_policy("a", ""), false);
    pass(10min);
    look();
    EXPECT_EQ(waiting(), 1);
    auto const waits = run(meta->retention().plans({}, 1)).value().at(0).id;
    for (int i = 0; i < 15; ++i) ASSERT_TRUE(run(retention->plan({}, boss)).has_value());
    EXPECT_EQ(plans(), 11U) << "and ten others";
    ASSERT_TRUE(run(retention->request({waits, false, boss})).has_value());
    EXPECT_EQ(look(), 1U);
    EXPECT_EQ(live(24h * 12), 0U);
    EXPECT_EQ(plans(), 21U) << "ten newest of the job, ten others, and the last that was applied";
}

TEST_F(RetentionScheduleTest, WhatIsShownIsWhatHappens) {
    start(a_policy("a", R"(,"every":"4h")") + "," + a_policy("b", R"(,"at":"12:00")"));
    auto const shown = run(retention->schedule(run(retention->policies().rules()).value())).value();
    ASSERT_THAT(shown.runs(), SizeIs(2));
    EXPECT_EQ(shown.runs()[0].schedule_text, "every 4h");
    EXPECT_EQ(shown.runs()[0].due_at, clock.now() + 10min);
    EXPECT_EQ(shown.runs()[1].schedule_text, "every 1d at 12:00 UTC");
    EXPECT_EQ(shown.runs()[1].due_at, clock.now() + 13h + 46min + 40s);
    EXPECT_EQ(shown.next(), clock.now() + 10min);
    EXPECT_EQ(metrics.gauge("ocilot_retention_next_plan_timestamp_seconds", "").value(),
              std::chrono::floor<std::chrono::seconds>(clock.now() + 10min).time_since_epoch().count());
}

TEST_F(RetentionScheduleTest, TimesOfDayAreThoseOfTheTimeZone) {
    jobs::RetentionSettings settings{
        jobs::RetentionRules::parse("[" + a_policy("a", R"(,"at":"12:00")") + "]").value(), true};
    settings.zone = retention::TimeZone::make("Asia/Kolkata", {{clock.now(), 5h + 30min}}).value();
    retention.emplace(jobs::RetentionParts{parts, pool}, std::move(settings), log, metrics);
    look();
    auto const shown = run(retention->schedule(run(retention->policies().rules()).value())).value();
    EXPECT_EQ(shown.runs().at(0).schedule_text, "every 1d at 12:00 Asia/Kolkata");
    EXPECT_EQ(shown.runs().at(0).due_at, clock.now() + 8h + 16min + 40s) << "06:30 UTC";
}

TEST_F(RetentionScheduleTest, ADamagedPlaceIsAsNone) {
    ASSERT_TRUE(run(meta->places().save({"apply-retention", "{\"policies\":[", clock.now()})).has_value());
    push_tags({"a-1"});
    start(a_policy("a", ""), false);
    pass(10min);
    EXPECT_EQ(look(), 0U);
    EXPECT_EQ(waiting(), 1);
}
