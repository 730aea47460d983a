// What rules are evaluated on besides the metadata: labels of images, and the answers of `retain` hooks.

#include "jobs/collector_fixture.h"
#include "jobs/retention.h"
#include "registry/pull_counter.h"

#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

namespace {

using namespace std::chrono_literals;

std::string const all_tags =
    R"([{"name":"p","repositories":["team/**"],"floor":0,"protect":[],"fuse":"100%",)"
    R"("delete":[{"tags":"*","everything":true}]}])";

/// Keeps what the test says.
class KeepingGate final : public policy::OpenGate {
  public:
    [[nodiscard]] bool asks(policy::Point point) const noexcept override {
        return point == policy::Point::retain;
    }
    Task<Result<std::vector<policy::KeptTag>>> retain(policy::TagHistory history) override {
        asked.push_back(std::move(history));
        if (!failure.empty()) co_return Error{Errc::unavailable, failure};
        std::vector<policy::KeptTag> all;
        for (auto const& name : kept) all.push_back({name, "keep.py"});
        co_return all;
    }
    std::vector<std::string> kept;
    std::string failure;
    std::vector<policy::TagHistory> asked;
};

class RetentionInputsTest : public test::CollectorTest {
  protected:
    void with_rules(std::string const& source) {
        jobs::RetentionSettings settings{jobs::RetentionRules::parse(source).value(), true};
        retention.emplace(jobs::RetentionParts{hooked, pool}, std::move(settings), log, metrics);
    }
    void SetUp() override {
        CollectorTest::SetUp();
        asked.reset(true);
    }
    /// As `ocilot jobs run apply-retention`.
    std::size_t work() { return run(retention->round(asked)).value(); }
    /// As the schedule has it.
    std::size_t look() { return run(retention->round(round)).value(); }
    jobs::PlanSummary plan() { return run(retention->plan({}, boss)).value(); }
    std::vector<std::string> tags() { return run(meta->catalog().tags(name, {{}, 100})).value().items; }
    oci::Digest push_labelled(std::string_view labels, std::optional<std::string_view> as = {}) {
        auto const config = R"({"config":{"Labels":)" + std::string(labels) + "}}";
        auto const text = image(push(config), {push("layer")});
        oci::Reference const reference = as ? tag(*as) : oci::Reference(sha256(text));
        EXPECT_TRUE(push_manifest(text, reference).has_value());
        return sha256(text);
    }

    meta::Actor const boss{.name = "boss", .kind = "user"};
    BlockingPool pool{1};
    jobs::Round asked;
    KeepingGate gate;
    registry::Registry hooked{blobs, *meta, gate, clock, random, *sessions, manifests, rules};
    std::optional<jobs::Retention> retention;
};

}  // namespace

TEST_F(RetentionInputsTest, AHookKeepsTagsAndThePlanNamesIt) {
    auto const digest = push_image("one", "v1");
    pass(1h);
    push_image("two", "v2");
    with_rules(all_tags);
    gate.kept = {"v2", "no-such-tag"};
    auto const made = plan();
    EXPECT_EQ(made.counts.delete_tags, 1U);
    auto const pieces = run(meta->retention().pieces({made.id, 0, "keep", 10})).value();
    ASSERT_EQ(pieces.size(), 1U);
    EXPECT_THAT(pieces[0].rows,
                HasSubstr(R"("reason":"hook","rule":"keep.py","why":"kept by the hook retain of )"));
    ASSERT_EQ(gate.asked.size(), 1U);
    auto const& history = gate.asked[0];
    EXPECT_EQ(history.at, made.made_at);
    ASSERT_EQ(history.tags.size(), 2U);
    EXPECT_EQ(history.tags[0].name, "v2") << "the newest first";
    EXPECT_EQ(history.tags[1].digest, digest);
    EXPECT_EQ(history.tags[1].media_type, "application/vnd.oci.image.manifest.v1+json");
    auto const manifest = run(meta->catalog().manifest(name, digest)).value();
    EXPECT_EQ(history.tags[1].size,
              manifest.size + std::string_view("{}").size() + std::string_view("one").size());
    EXPECT_EQ(work(), 1U);
    EXPECT_THAT(tags(), ElementsAre("v2"));
}

TEST_F(RetentionInputsTest, HooksSeePullsThatWereCountedJustNow) {
    registry::PullCounter counter(metrics, 1000);
    hooked.pulls = &counter;
    auto const digest = push_image("one", "v1");
    pass(1h);
    push_image("two", "v2");
    pass(1h);
    counter.add(name, tag("v1"), digest, true);
    counter.add(name, tag("v1"), digest, true);
    with_rules(all_tags);
    plan();
    ASSERT_EQ(gate.asked.size(), 1U);
    auto const& seen = gate.asked[0].tags;
    ASSERT_EQ(seen.size(), 2U);
    EXPECT_EQ(seen[0].name, "v2");
    EXPECT_EQ(seen[0].pulled_at, std::nullopt);
    EXPECT_EQ(seen[0].pulls, 0U);
    EXPECT_EQ(seen[1].pulled_at, clock.now());
    EXPECT_EQ(seen[1].pulls, 2U);
}

/// Only the delete rules of policies that are due decide whether there is something to ask.
TEST_F(RetentionInputsTest, HooksAreAskedAboutPoliciesThatAreDue) {
    push_image("one", "a-1");
    push_image("two", "a-2");
    push_image("three", "b-1");
    std::string const head = R"({"repositories":["team/**"],"floor":0,"protect":[],"fuse":"100%","name":)";
    with_rules("[" + head + R"("a","every":"6h","delete":[{"tags":"a-*"}]},)" + head +
               R"("b","every":"48h","delete":[{"tags":"b-*"}]}])");
    gate.kept = {"a-2", "b-1"};
    EXPECT_EQ(look(), 0U) << "at a start nothing is due";
    pass(10min);
    EXPECT_EQ(look(), 1U);
    EXPECT_THAT(tags(), ElementsAre("a-2", "b-1"));
    gate.kept.clear();
    gate.asked.clear();
    pass(6h);
    EXPECT_EQ(look(), 1U);
    EXPECT_THAT(tags(), ElementsAre("b-1")) << "its policy was not due";
    gate.asked.clear();
    pass(6h);
    EXPECT_EQ(look(), 0U);
    EXPECT_THAT(gate.asked, IsEmpty()) << "the policy that is due deletes nothing";
}

TEST_F(RetentionInputsTest, CountsOfMatchesReadLabelsAndAskNoHook) {
    push_labelled(R"({"env":"prod"})", "a");
    push_labelled(R"({"env":"test"})", "b");
    push_labelled(R"({"env":")" + std::string(1024 * 1024, 'x') + "\"}", "large");
    with_rules(R"([{"name":"p","repositories":["**"],"keep":[{"label":{"env":"prod"}}],)"
               R"("delete":[{"tags":"*","everything":true}]},)"
               R"({"name":"q","repositories":["**"],"delete":[{"tags":"a"}]}])");
    auto const found = run(retention->matches({})).value();
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].keep.at(0).selected, 1U);
    EXPECT_EQ(found[0].remove.at(0).selected, 3U);
    EXPECT_EQ(found[0].labels_unread, 1U);
    EXPECT_EQ(found[1].labels_unread, 0U) << "it has no rule by label";
    EXPECT_THAT(gate.asked, IsEmpty());
}

/// What is deployed between the plan and its application stays.
TEST_F(RetentionInputsTest, HooksAreAskedAgainBeforeAPlanIsApplied) {
    push_image("one", "v1");
    push_image("two", "v2");
    with_rules(all_tags);
    auto const made = plan();
    EXPECT_EQ(made.counts.delete_tags, 2U);
    gate.kept = {"v1"};
    ASSERT_TRUE(run(retention->request({made.id, false, boss})).has_value());
    EXPECT_EQ(work(), 1U);
    EXPECT_THAT(tags(), ElementsAre("v1"));
}

TEST_F(RetentionInputsTest, AHookThatFailsKeepsEverythingInItsRepository) {
    push_image("one", "v1");
    with_rules(all_tags);
    auto const before = plan();
    gate.failure = "keep.py failed at retain";
    EXPECT_EQ(work(), 0U);
    auto const made = plan();
    EXPECT_EQ(made.counts.delete_tags, 0U);
    auto const pieces = run(meta->retention().pieces({made.id, 0, "", 10})).value();
    EXPECT_THAT(pieces.at(0).rows, HasSubstr("everything is kept, because keep.py failed at retain"));
    ASSERT_TRUE(run(retention->request({before.id, false, boss})).has_value());
    EXPECT_EQ(work(), 0U) << "also of a plan that was made before";
    EXPECT_THAT(tags(), ElementsAre("v1"));
    gate.failure.clear();
    EXPECT_EQ(work(), 1U);
}

TEST_F(RetentionInputsTest, HooksAreAskedOnlyWhereATagWouldGo) {
    push_image("one", "v1");
    with_rules(R"([{"name":"p","repositories":["team/**"],"delete":[{"tags":"*","older-than":"1d"}]}])");
    plan();
    EXPECT_THAT(gate.asked, IsEmpty());
    with_rules("[]");
    plan();
    EXPECT_THAT(gate.asked, IsEmpty());
}

TEST_F(RetentionInputsTest, HooksSeeThePlatformsOfAnIndexAndNoSignatures) {
    auto const platform = push_image("amd64");
    auto const index = push_index({platform}, "v1");
    push_image("signature", "sha256-" + index.hex() + ".sig");
    with_rules(all_tags);
    plan();
    ASSERT_EQ(gate.asked.size(), 1U);
    ASSERT_EQ(gate.asked[0].tags.size(), 1U);
    auto const& seen = gate.asked[0].tags[0];
    EXPECT_EQ(seen.digest, index);
    EXPECT_THAT(seen.manifests, ElementsAre(platform));
    EXPECT_GT(seen.size, std::string_view("amd64").size());
}

TEST_F(RetentionInputsTest, HooksAreToldOfAliases) {
    push_image("one", "v1");
    auto const old = oci::RepositoryName::parse("old/app").value();
    ASSERT_TRUE(run(meta->catalog().admin().set_alias(old, name, boss, clock.now())).has_value());
    with_rules(all_tags);
    plan();
    ASSERT_EQ(gate.asked.size(), 1U);
    EXPECT_THAT(gate.asked[0].aliases, ElementsAre("old/app"));
}

TEST_F(RetentionInputsTest, AnExplanationNamesTheHook) {
    push_image("one", "v1");
    with_rules(all_tags);
    gate.kept = {"v1"};
    auto const text = run(retention->explain(name, oci::Tag::parse("v1").value())).value();
    EXPECT_THAT(text, HasSubstr(R"("verdict":"keep","reason":"hook","rule":"keep.py")"));
    EXPECT_THAT(text, HasSubstr(R"({"rule":"keep.py","text":"hook retain","selects":true})"));
}

TEST_F(RetentionInputsTest, LabelsAreReadFromTheConfiguration) {
    push_labelled(R"({"env":"prod","odd":7})", "a");
    push_labelled(R"({"env":"test"})", "b");
    push_labelled("[1]", "c");
    with_rules(R"([{"name":"p","repositories":["**"],"floor":0,"keep":[{"label":{"env":"prod"}}],)"
               R"("delete":[{"tags":"*","everything":true}]}])");
    EXPECT_EQ(work(), 2U);
    EXPECT_THAT(tags(), ElementsAre("a"));
}

TEST_F(RetentionInputsTest, AnIndexHasTheLabelsThatAllItsImagesHave) {
    auto const one = push_labelled(R"({"env":"prod","arch":"amd64"})");
    auto const other = push_labelled(R"({"env":"prod","arch":"arm64"})");
    push_index({one, other}, "both");
    with_rules(R"([{"name":"p","repositories":["**"],"floor":0,"delete":[{"label":{"arch":"*"}}]}])");
    EXPECT_EQ(work(), 0U);
    with_rules(R"([{"name":"p","repositories":["**"],"floor":0,"delete":[{"label":{"env":"prod"}}]}])");
    EXPECT_EQ(work(), 1U);
}

/// An attestation beside the platforms has a configuration, and is no image.
TEST_F(RetentionInputsTest, AnAttestationHasNoSay) {
    auto const platform = push_labelled(R"({"env":"prod"})");
    auto attestation = image(push("{}"), {push("statement")});
    std::string_view const layer = "application/vnd.oci.image.layer.v1.tar";
    attestation.replace(attestation.find(layer), layer.size(), "application/vnd.in-toto+json");
    ASSERT_TRUE(push_manifest(attestation, sha256(attestation)).has_value());
    push_index({platform, sha256(attestation)}, "v1");
    with_rules(R"([{"name":"p","repositories":["**"],"floor":0,"delete":[{"label":{"env":"prod"}}]}])");
    EXPECT_EQ(work(), 1U);
}

TEST_F(RetentionInputsTest, AnImageWhoseConfigurationIsTooLargeStays) {
    push_labelled(R"({"env":")" + std::string(1024 * 1024, 'x') + "\"}", "large");
    push_labelled("{}", "small");
    with_rules(R"([{"name":"p","repositories":["**"],"floor":0,"keep":[{"label":{"env":"prod"}}],)"
               R"("delete":[{"tags":"*","everything":true}]}])");
    EXPECT_EQ(work(), 1U);
    EXPECT_THAT(tags(), ElementsAre("large"));
}

/// Many tags may name one configuration, and the labels of all are in memory at once.
TEST_F(RetentionInputsTest, OnlyLabelsThatRulesNameAreKeptInMemory) {
    auto const long_text = std::string(8 * 1024, 'x');
    push_labelled(R"({"env":"test","notes":")" + long_text + "\"}", "read");
    push_labelled(R"({"env":")" + long_text + "\"}", "unread");
    with_rules(R"([{"name":"p","repositories":["**"],"floor":0,"keep":[{"label":{"env":"prod"}}],)"
               R"("delete":[{"tags":"*","everything":true}]}])");
    EXPECT_EQ(work(), 1U);
    EXPECT_THAT(tags(), ElementsAre("unread"));
}

/// Nobody knows what the images of an index say that are not here.
TEST_F(RetentionInputsTest, AnIndexWithoutItsImagesStays) {
    parts.rules.sparse = {oci::RepositoryPattern::parse("**").value()};
    push_index({sha256("elsewhere")}, "sparse");
    push_labelled("{}", "whole");
    with_rules(R"([{"name":"p","repositories":["**"],"floor":0,"keep":[{"label":{"env":"prod"}}],)"
               R"("delete":[{"tags":"*","everything":true}]}])");
    EXPECT_EQ(work(), 1U);
    EXPECT_THAT(tags(), ElementsAre("sparse"));
}

TEST_F(RetentionInputsTest, AListByUrlIsNotFetchedWithoutAClient) {
    push_image("one", "v1");
    with_rules(
        R"([{"name":"p","repositories":["**"],"keep":[{"in-use":"https://a.example/used?token=secret"}],)"
        R"("delete":[{"tags":"*","everything":true}]}])");
    auto const problem = run(retention->round(asked)).error();
    EXPECT_EQ(problem.code, Errc::conflict);
    EXPECT_THAT(problem.message, HasSubstr("https://a.example/used"));
    EXPECT_THAT(problem.message, HasSubstr("nothing is deleted"));
    EXPECT_THAT(problem.message, Not(HasSubstr("secret")));
}
