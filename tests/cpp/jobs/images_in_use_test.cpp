// What `images_in_use` hooks name stays: tags in plans, and digests without a tag in the garbage collection.

#include "jobs/collector_fixture.h"
#include "jobs/retention.h"
#include "jobs/rule_inputs.h"
#include "meta/sqlite/temporary_directory.h"

#include <fstream>
#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

namespace {

using namespace std::chrono_literals;

std::string const all_tags =
    R"([{"name":"p","repositories":["team/**"],"except":["team/old"],"floor":0,"protect":[],"fuse":"100%",)"
    R"("delete":[{"tags":"*","everything":true}]}])";

/// Names what the test says.
class NamingGate final : public policy::OpenGate {
  public:
    [[nodiscard]] bool asks(policy::Point point) const noexcept override {
        return point == policy::Point::images_in_use && is_there;
    }
    Task<Result<std::vector<policy::ImagesInUse>>> images_in_use(Time at) override {
        asked.push_back(at);
        if (failure) co_return *failure;
        co_return lists;
    }
    bool is_there = true;
    std::vector<policy::ImagesInUse> lists;
    std::optional<Error> failure;
    std::vector<Time> asked;
};

class ImagesInUseTest : public test::CollectorTest {
  protected:
    void with_rules(std::string const& source) {
        jobs::RetentionSettings settings{jobs::RetentionRules::parse(source).value(), true};
        retention.emplace(jobs::RetentionParts{hooked, pool}, std::move(settings), log, metrics);
    }
    void SetUp() override {
        CollectorTest::SetUp();
        asked.reset(true);
        with_rules(all_tags);
    }
    /// What one script without `repositories` names from now on.
    void name_images(std::vector<std::string> references) {
        gate.lists = {{std::move(references), "in_use.py"}};
    }
    /// As `ocilot jobs run apply-retention`.
    Result<std::size_t> work() { return run(retention->round(asked)); }
    Result<std::size_t> pin() { return run(retention->pin(round)); }
    std::vector<meta::Pin> pins() { return run(meta->collection().releases().pins({}, 100)).value(); }
    std::vector<std::string> tags() { return run(meta->catalog().tags(name, {{}, 100})).value().items; }
    std::string explain(std::string_view text) {
        return run(retention->explain(name, oci::Tag::parse(text).value())).value();
    }
    std::string at(oci::Digest const& digest) { return name.str() + "@" + digest.str(); }

    meta::Actor const boss{.name = "boss", .kind = "user"};
    BlockingPool pool{1};
    jobs::Round asked;
    NamingGate gate;
    registry::Registry hooked{blobs, *meta, gate, clock, random, *sessions, manifests, rules};
    std::optional<jobs::Retention> retention;
};

}  // namespace

TEST_F(ImagesInUseTest, TagsThatAHookNamesStayByNameByDigestAndByThatOfAPlatform) {
    push_image("one", "v1");
    auto const two = push_image("two", "v2");
    auto const platform = push_image("amd64");
    push_index({platform}, "index");
    push_image("old", "old");
    name_images({"host.example/" + name.str() + ":v1", at(two), at(platform), "else/app:old"});
    EXPECT_EQ(work().value(), 1U);
    EXPECT_THAT(tags(), ElementsAre("index", "v1", "v2"));
    EXPECT_EQ(gate.asked.at(0), clock.now());
}

TEST_F(ImagesInUseTest, PlansAndExplanationsNameTheScript) {
    push_image("one", "v1");
    name_images({name.str() + ":v1"});
    auto const made = run(retention->plan({}, boss)).value();
    EXPECT_EQ(made.counts.delete_tags, 0U);
    auto const pieces = run(meta->retention().pieces({made.id, 0, "keep", 10})).value();
    auto const row = R"("verdict":"keep","reason":"hook","rule":"in_use.py",)"
                     R"("why":"named by the hook images_in_use of in_use.py")";
    EXPECT_THAT(pieces.at(0).rows, HasSubstr(row));
    EXPECT_THAT(explain("v1"), HasSubstr(row));
    auto const rule = R"({"rule":"in_use.py","text":"hook images_in_use","selects":true})";
    EXPECT_THAT(explain("v1"), HasSubstr(rule));
    name_images({});
    EXPECT_THAT(explain("v1"), Not(HasSubstr("in_use.py")));
}

/// What is deployed between the plan and its application stays.
TEST_F(ImagesInUseTest, HooksAreAskedAgainBeforeAPlanIsApplied) {
    push_image("one", "v1");
    push_image("two", "v2");
    auto const made = run(retention->plan({}, boss)).value();
    EXPECT_EQ(made.counts.delete_tags, 2U);
    name_images({name.str() + ":v1"});
    ASSERT_TRUE(run(retention->request({made.id, false, boss})).has_value());
    EXPECT_EQ(work().value(), 1U);
    EXPECT_THAT(tags(), ElementsAre("v1"));
}

TEST_F(ImagesInUseTest, ADigestThatAHookNamesIsKeptWithoutATagUntilItDoesNot) {
    auto const image = push_image("layer", "v1");
    push_image("other", "v1");
    name_images({at(image)});
    EXPECT_EQ(pin().value(), 1U);
    EXPECT_THAT(pins(), ElementsAre(meta::Pin{name.str(), image}));
    EXPECT_EQ(pin().value(), 0U) << "it is there already";
    collect();
    pass(2 * grace);
    collect_all();
    EXPECT_TRUE(has_manifest(image));
    name_images({});
    EXPECT_EQ(pin().value(), 1U);
    EXPECT_THAT(pins(), IsEmpty());
    pass(grace / 2);
    collect_all();
    EXPECT_TRUE(has_manifest(image)) << "its grace has just begun";
    pass(grace);
    collect_all();
    EXPECT_FALSE(has_manifest(image));
}

TEST_F(ImagesInUseTest, WhenAHookFailsNothingIsDeletedAndPinsStay) {
    auto const image = push_image("layer", "v1");
    push_image("other", "v1");
    name_images({at(image)});
    EXPECT_EQ(pin().value(), 1U);
    auto const before = run(retention->plan({}, boss)).value();
    EXPECT_EQ(before.counts.delete_tags, 1U);
    gate.failure = Error{Errc::unavailable, "in_use.py failed at images_in_use"};
    auto const said =
        "cannot ask for the images in use: in_use.py failed at images_in_use; nothing is deleted until all "
        "images_in_use hooks answer";
    EXPECT_EQ(pin().error().message, said);
    EXPECT_EQ(work().error().message, said);
    EXPECT_EQ(run(retention->plan({}, boss)).error().code, Errc::conflict);
    ASSERT_TRUE(run(retention->request({before.id, false, boss})).has_value());
    EXPECT_EQ(work().error().message, said) << "also of a plan that was made before";
    EXPECT_THAT(tags(), ElementsAre("v1"));
    EXPECT_THAT(pins(), ElementsAre(meta::Pin{name.str(), image}));
}

TEST_F(ImagesInUseTest, AnInvalidReferenceIsAFailure) {
    push_image("one", "v1");
    name_images({"team/app:v2", "secret text"});
    auto const problem = work().error();
    EXPECT_EQ(problem.code, Errc::conflict);
    EXPECT_THAT(problem.message, HasSubstr("in_use.py answered an invalid reference, number 2 of its list;"));
    EXPECT_THAT(problem.message, Not(HasSubstr("secret")));
    EXPECT_THAT(tags(), ElementsAre("v1"));
}

TEST_F(ImagesInUseTest, AnswersAreJoinedAndAScriptSpeaksOfItsRepositoriesOnly) {
    auto const image = push_image("one", "v1");
    push_image("two", "v2");
    push_image("three", "v3");
    std::vector<std::string> const own{name.str()};
    std::vector<std::string> const others{"other/**"};
    gate.lists = {{{name.str() + ":v1"}, "one.py", own},
                  {{name.str() + ":v2"}, "two.py", {}},
                  {{name.str() + ":v3", at(image)}, "three.py", others}};
    EXPECT_EQ(pin().value(), 0U);
    EXPECT_EQ(work().value(), 1U);
    EXPECT_THAT(tags(), ElementsAre("v1", "v2"));
}

TEST_F(ImagesInUseTest, AnImageMayBeNamedByAnAliasOfItsRepository) {
    auto const image = push_image("layer", "v1");
    push_image("other", "v2");
    auto const old = oci::RepositoryName::parse("elsewhere/app").value();
    ASSERT_TRUE(run(meta->catalog().admin().set_alias(old, name, boss, clock.now())).has_value());
    gate.lists = {{{old.str() + "@" + image.str()}, "in_use.py", std::vector<std::string>{"team/*"}}};
    EXPECT_EQ(pin().value(), 1U);
    EXPECT_THAT(pins(), ElementsAre(meta::Pin{name.str(), image}));
    EXPECT_EQ(work().value(), 1U);
    EXPECT_THAT(tags(), ElementsAre("v1"));
}

TEST_F(ImagesInUseTest, AListOfARuleAndAHookCountTogether) {
    auto const one = push_image("one", "v1");
    auto const two = push_image("two", "v1");
    push_image("three", "v1");
    auto const directory = meta::TemporaryDirectory::make().value();
    auto const list = (directory.path() / "used.txt").string();
    std::ofstream(list) << at(one) << "\n";
    with_rules(R"([{"name":"p","repositories":["**"],"keep":[{"in-use":"file:)" + list + R"("}]}])");
    name_images({at(two)});
    EXPECT_EQ(pin().value(), 2U);
    gate.is_there = false;
    EXPECT_EQ(pin().value(), 1U) << "the script was removed";
    EXPECT_THAT(pins(), ElementsAre(meta::Pin{name.str(), one}));
}

TEST_F(ImagesInUseTest, DigestsArePinnedWhateverPoliciesThereAre) {
    auto const image = push_image("one", "v1");
    std::vector<meta::Pin> const wanted{{"else", image}, {name.str(), image}, {"team/old", image}};
    name_images({at(image), "team/old@" + image.str(), "else@" + image.str()});
    EXPECT_EQ(pin().value(), 3U);
    EXPECT_EQ(pins(), wanted);
    with_rules("[]");
    EXPECT_EQ(pin().value(), 0U);
    EXPECT_EQ(pins(), wanted);
}

TEST_F(ImagesInUseTest, AScriptMayBeAboutTheAliasThatDeploymentsName) {
    auto const image = push_image("layer", "v1");
    auto const old = oci::RepositoryName::parse("elsewhere/app").value();
    ASSERT_TRUE(run(meta->catalog().admin().set_alias(old, name, boss, clock.now())).has_value());
    gate.lists = {{{old.str() + "@" + image.str()}, "in_use.py", std::vector<std::string>{"elsewhere/*"}}};
    EXPECT_EQ(pin().value(), 2U);
    EXPECT_THAT(pins(), ElementsAre(meta::Pin{old.str(), image}, meta::Pin{name.str(), image}));
    EXPECT_EQ(work().value(), 0U);
    EXPECT_THAT(tags(), ElementsAre("v1"));
}

TEST_F(ImagesInUseTest, WhatIsInUseIsReadAgainAfterAMinute) {
    auto const policies = jobs::RetentionRules::parse(all_tags).value();
    jobs::ImageConfigs configs(10);
    jobs::RuleInputs inputs(jobs::RetentionParts{hooked, pool}, policies, configs, clock.now(), round);
    ASSERT_TRUE(run(inputs.begin()).has_value());
    push_image("one", "v1");
    name_images({name.str() + ":v1"});
    pass(60s);
    EXPECT_THAT(run(inputs.read(name)).value().in_use, IsEmpty());
    pass(1s);
    EXPECT_THAT(run(inputs.read(name)).value().in_use, SizeIs(1));
    gate.failure = Error{Errc::unavailable, "in_use.py failed at images_in_use"};
    pass(61s);
    EXPECT_EQ(run(inputs.read(name)).error().code, Errc::conflict);
}

TEST_F(ImagesInUseTest, WithoutPoliciesNoPlanAsksAHook) {
    push_image("one", "v1");
    with_rules("[]");
    EXPECT_EQ(work().value(), 0U);
    EXPECT_TRUE(run(retention->plan({}, boss)).has_value());
    EXPECT_THAT(gate.asked, IsEmpty());
}

/// Callers that may only read plans count matches: no script works for them.
TEST_F(ImagesInUseTest, CountsOfMatchesAskNoHook) {
    push_image("one", "v1");
    gate.failure = Error{Errc::unavailable, "it would fail"};
    EXPECT_EQ(run(retention->matches({})).value().at(0).remove.at(0).selected, 1U);
    EXPECT_THAT(gate.asked, IsEmpty());
}
