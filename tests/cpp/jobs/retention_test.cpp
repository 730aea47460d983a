#include "jobs/retention.h"

#include "jobs/collector_fixture.h"
#include "jobs/in_use_list.h"
#include "meta/sqlite/temporary_directory.h"

#include <fstream>
#include <functional>
#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace {

using namespace std::chrono_literals;

std::string const older = R"([{"name":"p","repositories":["team/**"],"floor":0,"keep":[{"tags":"keep-*"}],)"
                          R"("delete":[{"tags":"*","older-than":"1d"}]}])";

/// Refuses to delete the tag `v2`.
class GuardedGate final : public policy::OpenGate {
  public:
    [[nodiscard]] bool asks(policy::Point point) const noexcept override {
        return point == policy::Point::admit_delete;
    }
    Task<Result<policy::Decision>> admit_delete(policy::Deletion deletion) override {
        callers.push_back(std::string(policy::to_string(deletion.caller.kind)) + ":" + deletion.caller.name);
        bool const guarded = oci::to_string(deletion.reference) == "v2";
        co_return guarded ? policy::Decision::deny("v2 is a release") : policy::Decision::allow();
    }
    std::vector<std::string> callers;
};

/// Has a tag pushed again, as it is, between the look at it and its removal.
class PushingGate final : public policy::OpenGate {
  public:
    explicit PushingGate(std::function<Task<>()> push) : push_(std::move(push)) {}
    [[nodiscard]] bool asks(policy::Point point) const noexcept override {
        return point == policy::Point::admit_delete;
    }
    Task<Result<policy::Decision>> admit_delete(policy::Deletion) override {
        co_await push_();
        co_return policy::Decision::allow();
    }

  private:
    std::function<Task<>()> push_;
};

class RetentionTest : public test::CollectorTest {
  protected:
    void with_rules(std::string const& source, bool first_run_applies = true) {
        jobs::RetentionSettings settings{jobs::RetentionRules::parse(source).value(), first_run_applies};
        retention.emplace(jobs::RetentionParts{parts, pool}, std::move(settings), log, metrics);
    }
    void SetUp() override {
        CollectorTest::SetUp();
        asked.reset(true);
    }
    /// As `ocilot jobs run apply-retention`.
    std::size_t work() { return run(retention->round(asked)).value(); }
    jobs::PlanSummary plan() { return run(retention->plan({}, boss)).value(); }
    jobs::PlanSummary stored(std::int64_t id) {
        return jobs::plan_of(run(meta->retention().plan(id)).value()).value();
    }
    Result<> request(std::int64_t id, bool exact = false) {
        return run(retention->request({id, exact, boss}));
    }
    std::vector<std::string> tags() { return run(meta->catalog().tags(name, {{}, 100})).value().items; }
    void push_tags(std::initializer_list<std::string_view> names) {
        for (auto const tag : names) push_image("layer of " + std::string(tag), tag);
    }

    /// A client pushes the image of push_tags again.
    Task<> push_again(std::string tag_name) {
        pass(1s);
        auto const text = image(sha256("{}"), {sha256("layer of " + tag_name)});
        oci::Reference const as = tag(tag_name);
        registry::ManifestUpload upload{nobody, name, as, {}, oci_manifest, text};
        auto const pushed = co_await registry::push_manifest(parts, std::move(upload));
        EXPECT_TRUE(pushed.has_value());
    }

    meta::Actor const boss{.name = "boss", .kind = "user"};
    BlockingPool pool{1};
    jobs::Round asked;
    std::optional<jobs::Retention> retention;
};

}  // namespace

TEST_F(RetentionTest, TheJobDeletesWhatTheRulesSelect) {
    push_tags({"v1", "v2", "keep-1"});
    with_rules(older);
    EXPECT_EQ(work(), 0U) << "all are young";
    pass(25h);
    push_tags({"new"});
    EXPECT_EQ(work(), 2U);
    EXPECT_THAT(tags(), ElementsAre("keep-1", "new"));
    EXPECT_EQ(work(), 0U) << "applied twice, it deletes nothing more";
    auto const history = run(meta->catalog().history(name, oci::Tag::parse("v1").value(), {}, 1)).value();
    EXPECT_EQ(history.at(0).by, "retention");
    EXPECT_EQ(history.at(0).digest, std::nullopt);
    auto const cause = run(meta->journal().entries({.action = "tag.delete"})).value().items.at(0).by.cause;
    EXPECT_EQ(cause.rule, "p.delete.0");
    EXPECT_EQ(stored(std::stoll(cause.id)).result.tags, 2U);
    ASSERT_TRUE(
        run(meta->collection().restore({name, oci::Tag::parse("v1").value(), {}, {}}, boss, clock.now()))
            .has_value());
    EXPECT_THAT(tags(), ElementsAre("keep-1", "new", "v1"));
    EXPECT_EQ(work(), 0U) << "a restored tag is young";
}

TEST_F(RetentionTest, NewRulesWaitForAnAdministrator) {
    push_tags({"v1", "keep-1"});
    pass(25h);
    with_rules(older, false);
    EXPECT_EQ(work(), 0U);
    EXPECT_THAT(sink.text(), HasSubstr("retention plan waits for an administrator"));
    EXPECT_EQ(metrics.gauge("ocilot_retention_plan_waiting", "").value(), 1);
    auto const waiting = run(meta->retention().plans({}, 1)).value().at(0);
    EXPECT_EQ(waiting.state, "waiting");
    auto const noted = run(meta->journal().entries({.action = "retention.wait"})).value().items;
    ASSERT_EQ(noted.size(), 1U) << "of which webhooks and hooks are told";
    EXPECT_EQ(noted[0].name, std::to_string(waiting.id));
    EXPECT_EQ(noted[0].text, "no plan of these rules was applied before");
    EXPECT_EQ(noted[0].details.counts.at(0).second, 1U) << "tags";
    ASSERT_TRUE(request(waiting.id).has_value());
    EXPECT_EQ(work(), 1U);
    EXPECT_EQ(metrics.gauge("ocilot_retention_plan_waiting", "").value(), 0);
    EXPECT_THAT(tags(), ElementsAre("keep-1"));
    push_tags({"v2"});
    pass(25h);
    push_tags({"new"});
    EXPECT_EQ(work(), 1U) << "these rules were applied before";
}

TEST_F(RetentionTest, APlanChangesNothing) {
    push_tags({"v1", "keep-1"});
    pass(25h);
    with_rules(older);
    auto const made = plan();
    EXPECT_EQ(made.state, "ready");
    EXPECT_EQ(made.counts.delete_tags, 1U);
    EXPECT_EQ(made.counts.tags, 2U);
    EXPECT_GT(made.counts.bytes, std::string_view("layer of v1").size());
    EXPECT_THAT(tags(), ElementsAre("keep-1", "v1"));
    auto const pieces = run(meta->retention().pieces({made.id, 0, "", 10})).value();
    ASSERT_EQ(pieces.size(), 2U);
    EXPECT_THAT(pieces[0].rows, HasSubstr("tags *, older than 1d: pushed 25h ago"));
    EXPECT_THAT(pieces[1].rows, HasSubstr(R"("rule":"p.keep.0")"));
}

TEST_F(RetentionTest, WhatHasChangedSinceThePlanIsSkipped) {
    push_tags({"v1", "v2", "v3", "keep-1"});
    pass(25h);
    with_rules(older);
    auto const made = plan();
    EXPECT_EQ(made.counts.delete_tags, 3U);
    pass(1h);
    push_image("layer of v1", "v1");  // As it was: young again.
    push_image("another layer", "v2");
    ASSERT_TRUE(request(made.id, true).has_value());
    EXPECT_EQ(work(), 0U);
    EXPECT_EQ(stored(made.id).state, "refused");
    EXPECT_EQ(tags().size(), 4U);
    auto const again = plan();
    EXPECT_EQ(again.counts.delete_tags, 1U);
    EXPECT_EQ(request(made.id).error().code, Errc::conflict);
    push_image("yet another layer", "v3");
    ASSERT_TRUE(request(again.id).has_value());
    EXPECT_EQ(work(), 0U);
    EXPECT_EQ(stored(again.id).state, "applied");
    EXPECT_EQ(stored(again.id).result.skipped, 1U);
    EXPECT_EQ(tags().size(), 4U);
}

TEST_F(RetentionTest, APlanThatAnotherRequestHasAppliedHoldsUpNoOther) {
    push_tags({"v1", "v2"});
    pass(25h);
    with_rules(older);
    auto const one = plan();
    auto const other = plan();
    for (auto const id : {one.id, one.id, other.id}) ASSERT_TRUE(request(id).has_value());
    EXPECT_EQ(work(), 2U);
    EXPECT_EQ(stored(one.id).state, "applied");
    EXPECT_EQ(stored(other.id).state, "applied");
    EXPECT_EQ(stored(other.id).result.skipped, 2U);
}

TEST_F(RetentionTest, AnOldPlanIsRefused) {
    push_tags({"v1"});
    with_rules(older);
    auto const made = plan();
    pass(25h);
    EXPECT_THAT(request(made.id).error().message, HasSubstr("older than 24h"));
    EXPECT_EQ(request(made.id + 1).error().code, Errc::not_found);
}

TEST_F(RetentionTest, HooksAreAskedAsForAnyCaller) {
    GuardedGate gate;
    push_tags({"v1", "v2", "keep-1"});
    pass(25h);
    registry::Registry guarded{blobs, *meta, gate, clock, random, *sessions, manifests, rules};
    guarded.rules.deletes = false;  // For clients.
    jobs::Retention here({guarded, pool}, {jobs::RetentionRules::parse(older).value(), true}, log, metrics);
    EXPECT_EQ(run(here.round(asked)).value(), 1U);
    EXPECT_THAT(tags(), ElementsAre("keep-1", "v2"));
    EXPECT_THAT(gate.callers, ElementsAre("system:retention", "system:retention"));
    EXPECT_THAT(sink.text(), HasSubstr("v2 is a release"));
}

TEST_F(RetentionTest, UntaggedManifestsGoByTheirRelease) {
    auto const old = push_image("old", "v1");
    push_image("new", "v1");
    collect();  // It notes that the old one has lost its tag.
    with_rules(R"([{"name":"p","repositories":["**"],"delete":[{"untagged-for":"30m"}]}])");
    EXPECT_EQ(work(), 0U);
    pass(31min);
    EXPECT_EQ(work(), 1U);
    EXPECT_FALSE(has_manifest(old));
    auto const gone = run(meta->journal().entries({.action = "manifest.delete"})).value().items.at(0);
    EXPECT_EQ(gone.by.cause.rule, "p.delete.0");
}

TEST_F(RetentionTest, AManifestThatWasTaggedAgainIsUntaggedSinceItsLastRelease) {
    auto const old = push_image("old", "v1");
    push_image("new", "v1");
    collect();
    push_image("old", "v1");
    pass(40min);
    push_image("new", "v1");  // The collector has not read it yet.
    with_rules(R"([{"name":"p","repositories":["**"],"delete":[{"untagged-for":"30m"}]}])");
    EXPECT_EQ(work(), 0U);
    collect();
    EXPECT_EQ(work(), 0U);
    pass(31min);
    EXPECT_EQ(work(), 1U);
    EXPECT_FALSE(has_manifest(old));
}

TEST_F(RetentionTest, ASignatureByTagStaysWhileItsImageCanBeRestored) {
    auto const image = push_image("layer", "v1");
    auto const signature = "sha256-" + image.hex() + ".sig";
    push_image("signature", signature);
    pass(25h);
    with_rules(R"([{"name":"p","repositories":["**"],"floor":0,)"
               R"("delete":[{"tags":"*","older-than":"1d"},{"referrers":"orphaned"}]}])");
    EXPECT_EQ(work(), 1U);
    ASSERT_TRUE(delete_manifest(image).has_value());
    EXPECT_EQ(work(), 0U);
    EXPECT_THAT(tags(), ElementsAre(signature));
    collect();
    pass(61min);
    collect_all();
    EXPECT_FALSE(run(meta->catalog().resolve(name, oci::Tag::parse(signature).value())).has_value())
        << "with the end of the grace, by the collector";
}

TEST_F(RetentionTest, ATagThatIsPushedAgainAsItWasIsNotWhatWasPlanned) {
    push_tags({"pr-1"});
    with_rules(R"([{"name":"p","repositories":["**"],"floor":0,"delete":[{"tags":"pr-*"}]}])");
    auto const made = plan();
    EXPECT_EQ(made.counts.delete_tags, 1U);
    pass(1min);
    push_tags({"pr-1"});
    ASSERT_TRUE(request(made.id).has_value());
    EXPECT_EQ(work(), 0U);
    EXPECT_EQ(stored(made.id).result.skipped, 1U);
    EXPECT_THAT(tags(), ElementsAre("pr-1"));
}

TEST_F(RetentionTest, ATagThatIsPushedAgainWhileItIsRemovedStays) {
    PushingGate gate([this] { return push_again("v1"); });
    push_tags({"v1"});
    pass(25h);
    registry::Registry busy{blobs, *meta, gate, clock, random, *sessions, manifests, rules};
    jobs::Retention here({busy, pool}, {jobs::RetentionRules::parse(older).value(), true}, log, metrics);
    EXPECT_EQ(run(here.round(asked)).value(), 0U);
    EXPECT_THAT(tags(), ElementsAre("v1"));
}

TEST_F(RetentionTest, AClockThatIsSetBackMakesNoPushOld) {
    clock.advance(-24h * 365);
    push_tags({"v1"});
    clock.advance(24h * 365);
    with_rules(older);
    EXPECT_EQ(work(), 0U);
    pass(25h);
    EXPECT_EQ(work(), 1U);
}

TEST_F(RetentionTest, WithoutTheListOfWhatIsInUseNothingIsDeleted) {
    auto const directory = meta::TemporaryDirectory::make().value();
    auto const list = (directory.path() / "used.txt").string();
    push_tags({"v1", "v2", "v3"});
    pass(25h);
    with_rules(R"([{"name":"p","repositories":["**"],"keep":[{"in-use":"file:)" + list +
               R"("}],"delete":[{"tags":"*","older-than":"1d"}],"floor":0}])");
    EXPECT_THAT(run(retention->round(asked)).error().message, HasSubstr("nothing is deleted"));
    std::ofstream(list) << "\n";
    EXPECT_THAT(run(retention->round(asked)).error().message, HasSubstr("it is empty"));
    EXPECT_EQ(tags().size(), 3U);
    std::ofstream(list) << "# deployed\nregistry.example.com:5000/team/app:v2\n";
    EXPECT_EQ(work(), 2U);
    EXPECT_THAT(tags(), ElementsAre("v2"));
}

/// What was deployed under the old name of a repository is in use under the new one.
TEST_F(RetentionTest, AListMayNameARepositoryByItsAlias) {
    auto const directory = meta::TemporaryDirectory::make().value();
    auto const list = (directory.path() / "used.txt").string();
    push_tags({"v1", "v2"});
    pass(25h);
    auto const old = oci::RepositoryName::parse("old/app").value();
    ASSERT_TRUE(run(meta->catalog().admin().set_alias(old, name, boss, clock.now())).has_value());
    std::ofstream(list) << "registry.example.com/old/app:v2\n";
    with_rules(R"([{"name":"p","repositories":["**"],"keep":[{"in-use":"file:)" + list +
               R"("}],"delete":[{"tags":"*","older-than":"1d"}],"floor":0}])");
    EXPECT_EQ(work(), 1U);
    EXPECT_THAT(tags(), ElementsAre("v2"));
}

TEST_F(RetentionTest, ExplainsATag) {
    push_tags({"v1", "keep-1"});
    pass(48h);
    with_rules(older);
    auto const text = run(retention->explain(name, oci::Tag::parse("keep-1").value())).value();
    EXPECT_THAT(text, HasSubstr(R"("verdict":"keep","reason":"keep-rule","rule":"p.keep.0")"));
    EXPECT_THAT(text, HasSubstr(R"({"rule":"p.delete.0","text":"tags *, older than 1d","selects":true})"));
    EXPECT_EQ(run(retention->explain(name, oci::Tag::parse("none").value())).error().code,
              Errc::manifest_unknown);
}

TEST_F(RetentionTest, CountsWhatEachRuleSelects) {
    push_tags({"v1", "v2", "dev-1"});
    pass(1h);
    with_rules(R"([{"name":"p","repositories":["team/*"],"keep":[{"tags":"v*"},{"tags":"w*"}],)"
               R"("delete":[{"tags":"*","older-than":"1d"},{"untagged-for":"1d"}]},)"
               R"({"name":"none","repositories":["nothing"],"delete":[{"tags":"v*"}]}])");
    auto const found = run(retention->matches({})).value();
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].repositories, 1U);
    EXPECT_EQ(found[0].tags, 3U);
    ASSERT_EQ(found[0].keep.size(), 2U);
    EXPECT_EQ(found[0].keep[0].rule, "p.keep.0");
    EXPECT_EQ(found[0].keep[0].selected, 2U);
    EXPECT_EQ(found[0].keep[0].candidates, 3U);
    EXPECT_EQ(found[0].keep[1].named, 0U);
    EXPECT_EQ(found[0].remove[0].selected, 0U) << "all are young";
    EXPECT_EQ(found[0].remove[0].named, 3U);
    EXPECT_EQ(found[0].remove[1].candidates, std::nullopt);
    EXPECT_EQ(found[1].repositories, 0U);
    EXPECT_THAT(run(meta->retention().plans({}, 1)).value(), IsEmpty());
}

TEST_F(RetentionTest, APlanCountsManifestsWithoutATag) {
    push_image("old", "v1");
    push_image("new", "v1");
    with_rules(older);
    EXPECT_EQ(plan().counts.untagged, 1U);
    EXPECT_EQ(stored(1).counts.untagged, 1U);
}

/// R26: without rules there is nothing to do.
TEST_F(RetentionTest, WithoutRulesNothingIsDone) {
    push_tags({"v1"});
    pass(1000h);
    with_rules("[]");
    EXPECT_EQ(work(), 0U);
    EXPECT_THAT(run(meta->retention().plans({}, 1)).value(), IsEmpty());
    EXPECT_EQ(plan().counts.delete_tags, 0U);
}

TEST(InUseList, ReadsReferencesWithAndWithoutARegistry) {
    auto const digest = test::sha256("x").str();
    auto const list = jobs::parse_in_use(
                          "# comment\n\nteam/app:v1\r\nlocalhost/team/b\n"
                          "registry.example.com/c:v2@" +
                          digest + "\n")
                          .value();
    EXPECT_THAT(list.at("team/app"), ElementsAre("v1"));
    EXPECT_THAT(list.at("team/b"), ElementsAre("latest"));
    EXPECT_THAT(list.at("c"), ElementsAre(digest, "v2"));
    EXPECT_THAT(jobs::parse_in_use("a:v1\nTeam/App:v1\n").error().message, HasSubstr("line 2"));
}

TEST(InUseList, AnEmptyOneIsNoList) {
    for (auto const* const text : {"", "\n", " \r\n\n"}) {
        EXPECT_THAT(jobs::parse_in_use(text).error().message, HasSubstr("# none")) << text;
    }
    EXPECT_THAT(jobs::parse_in_use("# none").value(), IsEmpty());
}
