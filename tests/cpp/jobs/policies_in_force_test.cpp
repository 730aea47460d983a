#include "jobs/policies_in_force.h"

#include "jobs/collector_fixture.h"
#include "jobs/retention.h"

#include <functional>
#include <gmock/gmock.h>
#include <stdexcept>
#include <utility>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace {

using namespace std::chrono_literals;

/// A policy that deletes what starts with this.
std::string deleting(std::string const& name, std::string const& prefix, std::string const& more = "") {
    return R"({"name":")" + name + R"(","repositories":["**"],"floor":0,"delete":[{"tags":")" + prefix +
           R"(*"}])" + more + "}";
}

std::string const weekly = deleting("a", "a-", R"(,"every":"7d")");

std::string keeping(std::string const& name, std::string const& rule) {
    return R"({"name":")" + name + R"(","repositories":["**"],"keep":[)" + rule + "]}";
}

/// Has the policies changed by a client when it is first asked about a deletion.
class ChangingGate final : public policy::OpenGate {
  public:
    explicit ChangingGate(std::function<Task<>()> change) : change_(std::move(change)) {}
    [[nodiscard]] bool asks(policy::Point point) const noexcept override {
        return point == policy::Point::admit_delete && change_ != nullptr;
    }
    Task<Result<policy::Decision>> admit_delete(policy::Deletion) override {
        auto const change = std::exchange(change_, nullptr);
        if (change) co_await change();
        co_return policy::Decision::allow();
    }

  private:
    std::function<Task<>()> change_;
};

class PoliciesInForceTest : public test::CollectorTest {
  protected:
    void SetUp() override {
        CollectorTest::SetUp();
        start();
    }
    /// A process starts, with these policies in its configuration.
    void start(std::string const& configured = "[]", bool first_run_applies = true) {
        jobs::RetentionSettings settings{jobs::RetentionRules::parse(configured).value(), first_run_applies};
        retention.emplace(jobs::RetentionParts{parts, pool}, std::move(settings), log, metrics);
    }
    Result<bool> set(std::string const& name, std::string const& content) {
        return run(retention->policies().set(name, content, boss));
    }
    Result<> remove(std::string const& name) { return run(retention->policies().remove(name, boss)); }
    std::vector<std::string> in_force() {
        std::vector<std::string> names;
        for (auto const& policy : run(retention->policies().rules()).value().policies) {
            names.push_back(policy.name);
        }
        return names;
    }
    jobs::PlanSummary plan() { return run(retention->plan({}, boss)).value(); }
    std::size_t look() { return run(retention->round(round)).value(); }
    std::vector<std::string> tags() { return run(meta->catalog().tags(name, {{}, 100})).value().items; }
    void push_tags(std::initializer_list<std::string_view> names) {
        for (auto const tag : names) push_image("layer of " + std::string(tag), tag);
    }
    std::string state(std::int64_t id) { return run(meta->retention().plan(id)).value().state; }
    Task<> keep_all() {
        std::string const policy =
            R"({"name":"kept","repositories":["**"],"every":"7d","keep":[{"tags":"*"}]})";
        auto const added = co_await retention->policies().set("kept", policy, boss);
        EXPECT_TRUE(added.has_value());
    }
    std::size_t plans() { return run(meta->retention().plans({}, 100)).value().size(); }

    meta::Actor const boss{.name = "boss", .kind = "user"};
    BlockingPool pool{1};
    std::optional<jobs::Retention> retention;
};

}  // namespace

TEST_F(PoliciesInForceTest, WhatAClientSetsIsInForceAtOnceOnEveryReplica) {
    jobs::Retention other({parts, pool}, {jobs::RetentionRules::parse("[]").value(), true}, log, metrics);
    push_tags({"a-1", "b-1"});
    EXPECT_TRUE(set("a", deleting("a", "a-")).value()) << "it is new";
    EXPECT_EQ(run(other.plan({}, boss)).value().counts.delete_tags, 1U);
    EXPECT_FALSE(run(other.policies().set("a", deleting("a", ""), boss)).has_value())
        << "it has no condition";
    EXPECT_FALSE(run(other.policies().set("a", deleting("a", "?-"), boss)).value()) << "it replaces one";
    EXPECT_EQ(plan().counts.delete_tags, 2U);
    EXPECT_EQ(metrics.gauge("ocilot_retention_policies", "", {{"source", "api"}}).value(), 1);
    ASSERT_TRUE(remove("a").has_value());
    EXPECT_EQ(run(other.plan({}, boss)).value().counts.delete_tags, 0U);
    EXPECT_EQ(metrics.gauge("ocilot_retention_policies", "", {{"source", "api"}}).value(), 0);
    EXPECT_THAT(sink.text(), HasSubstr("retention policy removed"));
}

/// A replica that does not run the job shows in its metrics what another one has set.
TEST_F(PoliciesInForceTest, PoliciesOfAnotherReplicaAreCounted) {
    meta::StoredPolicy const there{"there", deleting("there", "a-"), {}};
    ASSERT_TRUE(run(meta->retention_policies().set(there, 9, {})).has_value());
    auto const& counted = metrics.gauge("ocilot_retention_policies", "", {{"source", "api"}});
    EXPECT_EQ(counted.value(), 0);
    ASSERT_TRUE(run(retention->policies().measure()).has_value());
    EXPECT_EQ(counted.value(), 1);
}

TEST_F(PoliciesInForceTest, BothKindsCountTogether) {
    push_tags({"a-1", "a-2"});
    start("[" + deleting("a", "a-") + "]");
    ASSERT_TRUE(set("kept", keeping("kept", R"({"tags":"a-2"})")).value());
    EXPECT_THAT(in_force(), ElementsAre("a", "kept"));
    auto const made = plan();
    EXPECT_EQ(made.counts.delete_tags, 1U) << "keep wins";
    EXPECT_EQ(made.rules, "[" + deleting("a", "a-") + ", " + keeping("kept", R"({"tags":"a-2"})") + "]");
}

TEST_F(PoliciesInForceTest, ThoseOfTheConfigurationAreChangedThere) {
    start("[" + deleting("a", "a-") + "]");
    for (auto const& refused : {Result<>(set("a", deleting("a", "b-")).error()), remove("a")}) {
        ASSERT_TRUE(refused.has_error());
        EXPECT_EQ(refused.error().code, Errc::conflict);
        EXPECT_THAT(refused.error().message, HasSubstr("change it there, in ocilot.retention.policies"));
    }
    EXPECT_EQ(remove("b").error().code, Errc::not_found);
    auto const known = run(retention->policies().list()).value();
    ASSERT_THAT(known, SizeIs(1));
    EXPECT_TRUE(known[0].configured);
    EXPECT_EQ(run(retention->policies().find("b")).error().code, Errc::not_found);
}

/// A policy that moves into the configuration has effect there alone, and can be removed.
TEST_F(PoliciesInForceTest, TheConfigurationWinsOverAPolicyWithItsName) {
    push_tags({"a-1", "b-1"});
    ASSERT_TRUE(set("a", deleting("a", "?-")).value());
    start("[" + deleting("a", "a-") + "]");
    look();
    EXPECT_THAT(sink.text(), HasSubstr("retention policy not in force"));
    EXPECT_THAT(in_force(), ElementsAre("a"));
    EXPECT_EQ(plan().counts.delete_tags, 1U);
    auto const known = run(retention->policies().list()).value();
    ASSERT_THAT(known, SizeIs(2));
    EXPECT_TRUE(known[0].in_force);
    EXPECT_FALSE(known[1].in_force);
    EXPECT_EQ(known[1].changed_by, "boss");
    ASSERT_TRUE(remove("a").has_value());
    EXPECT_THAT(run(retention->policies().list()).value(), SizeIs(1));
}

TEST_F(PoliciesInForceTest, AClientDoesNotChooseWhichFilesAreRead) {
    auto const refused = set("a", keeping("a", R"({"tags":"v*"},{"in-use":"file:/etc/shadow"})"));
    ASSERT_TRUE(refused.has_error());
    EXPECT_EQ(refused.error().code, Errc::bad_request);
    EXPECT_THAT(refused.error().message, HasSubstr("policy.keep.1.in-use cannot be used: a list in a file"));
    EXPECT_THAT(in_force(), IsEmpty());
    EXPECT_TRUE(set("a", keeping("a", R"({"in-use":"https://inventory.example.com/used"})")).has_value());
}

TEST_F(PoliciesInForceTest, WhatIsWrongIsNamedAsInTheConfiguration) {
    auto const problem = [&](std::string const& content) { return set("a", content).error().message; };
    EXPECT_THAT(problem(deleting("a", "a-", R"(,"flor":1)")),
                HasSubstr("invalid policy.flor: expected one of"));
    EXPECT_THAT(problem(R"({"name":"a","repositories":["**"],"delete":[{"tags":"*","older-than":"5x"}]})"),
                HasSubstr("invalid policy.delete.0.older-than: expected a number and a unit"));
    EXPECT_THAT(problem("[]"), HasSubstr("invalid policy: expected a policy with name"));
    for (auto const* const name : {"", "a/b", "a b", "..", "-a", "\xc3\xa4"}) {
        EXPECT_EQ(set(name, deleting("a", "a-")).error().code, Errc::bad_request) << name;
    }
    EXPECT_THAT(in_force(), IsEmpty());
}

TEST_F(PoliciesInForceTest, APlanOfOtherPoliciesIsNotApplied) {
    push_tags({"a-1", "a-2"});
    ASSERT_TRUE(set("a", deleting("a", "a-")).value());
    auto const made = plan();
    ASSERT_TRUE(run(retention->request({made.id, false, boss})).has_value());
    ASSERT_TRUE(set("kept", keeping("kept", R"({"tags":"a-2"})")).value());
    EXPECT_EQ(run(retention->round(round)).value(), 0U);
    auto const refused = run(retention->request({made.id, false, boss}));
    ASSERT_TRUE(refused.has_error());
    EXPECT_EQ(refused.error().code, Errc::conflict);
    EXPECT_THAT(refused.error().message, HasSubstr("policies have changed since the retention plan"));
    EXPECT_THAT(tags(), ElementsAre("a-1", "a-2"));
    auto tried = jobs::RetentionRules::parse("[" + deleting("b", "a-1") + "]").value();
    auto const trial = run(retention->plan(std::move(tried), boss)).value();
    ASSERT_TRUE(remove("kept").has_value());
    ASSERT_TRUE(run(retention->request({trial.id, false, boss})).has_value());
    EXPECT_EQ(look(), 1U) << "a plan of policies to try says what it deletes";
    EXPECT_THAT(tags(), ElementsAre("a-2"));
}

TEST_F(PoliciesInForceTest, PoliciesThatChangeWhileAPlanIsAppliedCostNoInterval) {
    auto const own = name;
    for (auto const* const one : {"team/app", "team/other"}) {
        name = repository(one);
        push_tags({"a-1"});
    }
    name = own;
    ChangingGate gate([this] { return keep_all(); });
    registry::Registry guarded{blobs, *meta, gate, clock, random, *sessions, manifests, rules};
    jobs::RetentionSettings settings{jobs::RetentionRules::parse("[" + weekly + "]").value(), true};
    retention.emplace(jobs::RetentionParts{guarded, pool}, std::move(settings), log, metrics);
    look();
    pass(10min);
    auto const stopped = run(retention->round(round));
    ASSERT_TRUE(stopped.has_error()) << "after the first of two repositories";
    EXPECT_EQ(stopped.error().code, Errc::conflict);
    auto const plan = jobs::plan_of(run(meta->retention().plans({}, 1)).value().at(0)).value();
    EXPECT_EQ(plan.state, "refused");
    EXPECT_EQ(plan.result.tags, 1U);
    EXPECT_THAT(plan.error, HasSubstr("policies have changed since the retention plan"));
    EXPECT_EQ(look(), 0U);
    EXPECT_EQ(plans(), 1U) << "not at once";
    pass(1h);
    EXPECT_EQ(look(), 0U);
    EXPECT_EQ(plans(), 2U) << "soon";
    pass(24h);
    look();
    EXPECT_EQ(plans(), 2U) << "then by its schedule";
}

/// The process was killed. An administrator can apply the plan again while it is what the policies say.
TEST_F(PoliciesInForceTest, AnInterruptedPlanOfOtherPoliciesIsRefusedAfterTheStart) {
    push_tags({"a-1"});
    start("[" + weekly + "]");
    auto made = plan();
    made.state = jobs::plan_applying;
    ASSERT_TRUE(run(meta->retention().change_plan(jobs::stored_plan(made), "ready")).has_value());
    start("[" + weekly + "]");
    look();
    EXPECT_EQ(state(made.id), "applying");
    start("[" + deleting("other", "b-") + "]");
    look();
    EXPECT_EQ(state(made.id), "refused");
    auto const shown = jobs::plan_of(run(meta->retention().plan(made.id)).value()).value();
    EXPECT_THAT(shown.error, HasSubstr("interrupted while it was applied, and the policies have changed"));
    EXPECT_THAT(sink.text(), HasSubstr("retention plan not applied"));
    EXPECT_THAT(tags(), ElementsAre("a-1"));
}

TEST_F(PoliciesInForceTest, AnInterruptedPlanThatIsTooOldIsRefused) {
    push_tags({"a-1"});
    start("[" + weekly + "]", false);
    look();
    auto made = plan();
    made.state = jobs::plan_applying;
    ASSERT_TRUE(run(meta->retention().change_plan(jobs::stored_plan(made), "ready")).has_value());
    pass(23h);
    look();
    EXPECT_EQ(state(made.id), "applying");
    pass(2h);
    look();
    EXPECT_EQ(state(made.id), "refused");
}

/// What a plan deletes is planned again soon, until it is applied.
TEST_F(PoliciesInForceTest, APlanThatEndsWithItsProcessIsMadeAgainSoon) {
    push_tags({"a-1"});
    ChangingGate gate([]() -> Task<> { throw std::runtime_error("as if it was killed"); });
    registry::Registry guarded{blobs, *meta, gate, clock, random, *sessions, manifests, rules};
    jobs::RetentionSettings settings{jobs::RetentionRules::parse("[" + weekly + "]").value(), true};
    retention.emplace(jobs::RetentionParts{guarded, pool}, std::move(settings), log, metrics);
    look();
    pass(10min);
    EXPECT_THROW((void)run(retention->round(round)), std::runtime_error);
    auto const made = run(meta->retention().plans({}, 1)).value().at(0);
    EXPECT_EQ(made.state, "applying");
    start("[" + weekly + "]");
    pass(1h);
    EXPECT_EQ(look(), 1U);
    EXPECT_THAT(tags(), IsEmpty());
}

TEST_F(PoliciesInForceTest, ThePoliciesOfAClientHaveASchedule) {
    push_tags({"a-1"});
    EXPECT_EQ(look(), 0U);
    ASSERT_TRUE(set("a", deleting("a", "a-", R"(,"every":"4h")")).value());
    EXPECT_EQ(look(), 0U) << "as at a start";
    pass(9min);
    EXPECT_EQ(look(), 0U);
    pass(1min);
    EXPECT_EQ(look(), 1U);
    push_tags({"a-2"});
    pass(4h);
    EXPECT_EQ(look(), 1U);
    push_tags({"a-3"});
    ASSERT_TRUE(remove("a").has_value());
    pass(4h);
    EXPECT_EQ(look(), 0U);
    EXPECT_EQ(metrics.gauge("ocilot_retention_next_plan_timestamp_seconds", "").value(), 0);
    EXPECT_THAT(tags(), ElementsAre("a-3"));
}

TEST_F(PoliciesInForceTest, NewPoliciesOfAClientWaitForAnAdministrator) {
    start("[]", false);
    push_tags({"a-1"});
    ASSERT_TRUE(set("a", deleting("a", "a-")).value());
    look();
    pass(10min);
    EXPECT_EQ(look(), 0U);
    auto const waiting = run(meta->retention().plans({}, 1)).value().at(0);
    EXPECT_EQ(waiting.state, "waiting");
    ASSERT_TRUE(run(retention->request({waiting.id, false, boss})).has_value());
    EXPECT_EQ(look(), 1U);
}

/// An alert must not stay for a plan that nobody can apply.
TEST_F(PoliciesInForceTest, APlanOfOtherPoliciesDoesNotWait) {
    start("[]", false);
    push_tags({"a-1"});
    auto const waiting = [&] { return metrics.gauge("ocilot_retention_plan_waiting", "").value(); };
    for (bool const changes : {true, false}) {
        ASSERT_TRUE(set("a", deleting("a", "a-")).has_value());
        look();
        pass(24h);
        look();
        EXPECT_EQ(waiting(), 1);
        ASSERT_TRUE(changes ? set("a", deleting("a", "b-")).has_value() : remove("a").has_value());
        look();
        EXPECT_EQ(waiting(), 0) << changes;
    }
}

/// A policy of a newer version may keep what this one would delete.
TEST_F(PoliciesInForceTest, WithoutAPolicyThatCanBeReadNothingIsDeleted) {
    push_tags({"a-1"});
    start("[" + deleting("a", "a-") + "]");
    ASSERT_TRUE(run(meta->retention_policies().set({"newer", R"({"name":"newer","keeps":1})", {}}, 9, {}))
                    .has_value());
    jobs::Round asked;
    asked.reset(true);
    auto const problem = run(retention->round(asked));
    ASSERT_TRUE(problem.has_error());
    EXPECT_EQ(problem.error().code, Errc::conflict);
    EXPECT_THAT(problem.error().message, HasSubstr("cannot read the retention policy newer"));
    EXPECT_THAT(tags(), ElementsAre("a-1"));
    ASSERT_TRUE(remove("newer").has_value());
    EXPECT_EQ(run(retention->round(asked)).value(), 1U);
}

TEST_F(PoliciesInForceTest, APolicyThatCannotBeReadIsNamedBesideTheOthers) {
    start("[" + deleting("a", "a-") + "]");
    ASSERT_TRUE(set("b", deleting("b", "b-")).value());
    auto const add = [&](std::string const& policy, std::string const& content) {
        EXPECT_TRUE(run(meta->retention_policies().set({policy, content, {}}, 9, {})).has_value());
    };
    add("damaged", "{");
    add("newer", R"({"name":"newer","repositories":["**"],"keeps":1})");
    auto const known = run(retention->policies().readable()).value();
    ASSERT_THAT(known.rules.policies, SizeIs(2));
    EXPECT_EQ(known.rules.policies[1].name, "b");
    EXPECT_EQ(known.rules.source, "[" + deleting("a", "a-") + ", " + deleting("b", "b-") + "]");
    EXPECT_EQ(known.rules.version, run(retention->policies().version()).value()) << "that of all";
    ASSERT_THAT(known.unreadable, SizeIs(2));
    EXPECT_EQ(known.unreadable[0].name, "damaged");
    EXPECT_EQ(known.unreadable[0].error, "invalid policy: expected JSON");
    EXPECT_EQ(known.unreadable[1].name, "newer");
    EXPECT_THAT(known.unreadable[1].error, HasSubstr("invalid policy.keeps: expected one of the keys"));
    auto const listed = run(retention->policies().list()).value();
    ASSERT_THAT(listed, SizeIs(4));
    EXPECT_EQ(listed[1].error, "");
    EXPECT_EQ(listed[3].error, known.unreadable[1].error);
    EXPECT_EQ(run(retention->policies().rules()).error().code, Errc::conflict);
}
