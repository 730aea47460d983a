// Rules by the content of images, by size, and what hooks keep.

#include "retention/a_repository.h"

#include <fmt/format.h>

namespace ocilot {
namespace {

using namespace test;
using std::chrono::days;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string const all_go = R"("delete":[{"tags":"*","everything":true}])";

std::string_view reason_of(std::vector<retention::Policy> const& policies, retention::Repository const& app,
                           std::string_view tag) {
    retention::View const view(app, now);
    for (auto const& row : retention::evaluate(policies, view).rows) {
        if (row.is_tag && app.tags[row.index].name == tag) return to_string(row.reason);
    }
    return {};
}

TEST(RetentionLabels, SelectImages) {
    auto const app = ARepository()
                         .tag("a", days(1))
                         .labels("a", {{"env", "prod"}, {"team", "web"}})
                         .tag("b", days(1))
                         .labels("b", {{"env", "test"}})
                         .tag("c", days(1))
                         .labels("c", {})
                         .done();
    EXPECT_THAT(deleted(policy(R"("keep":[{"label":{"env":"p*"}}],)" + all_go), app), ElementsAre("b", "c"));
    EXPECT_THAT(deleted(policy(R"("delete":[{"label":{"env":"*"}}])"), app), ElementsAre("a", "b"));
    EXPECT_THAT(deleted(policy(R"("delete":[{"label":{"env":"*","team":"web"}}])"), app), ElementsAre("a"));
}

TEST(RetentionLabels, MakeGroups) {
    ARepository made;
    for (int i = 0; i < 6; ++i) {
        auto const name = fmt::format("build-{}", i);
        made.tag(name, days(i)).labels(name, {{"branch", i % 2 == 0 ? "main" : "dev"}});
    }
    auto const policies = policy(R"("keep":[{"tags":"*","newest":2,"per":"label:branch"}],)" + all_go);
    EXPECT_THAT(deleted(policies, made.done()), ElementsAre("build-4", "build-5"));
    EXPECT_THAT(rule_text(policies[0].keep[0]), HasSubstr("newest 2 per label branch"));
}

/// What cannot be read could be what a keep rule is for.
TEST(RetentionLabels, AnImageWhoseLabelsCannotBeReadStays) {
    auto const app = ARepository().tag("a", days(9)).tag("b", days(9)).labels("b", {}).done();
    auto const policies = policy(R"("keep":[{"label":{"env":"prod"}}],)" + all_go);
    EXPECT_THAT(deleted(policies, app), ElementsAre("b"));
    EXPECT_EQ(reason_of(policies, app, "a"), "labels-unread");
    EXPECT_THAT(why(policies, app, "a"), HasSubstr("labels of the image cannot be read"));
    EXPECT_THAT(deleted(policy(all_go), app), ElementsAre("a", "b"))
        << "without rules by label nothing is read";
}

TEST(RetentionImages, ARuleCanSpeakOfAllTagsOfAnImage) {
    auto const app = ARepository()
                         .tag("v1", "m1", days(9))
                         .tag("stable", "m1", days(9))
                         .tag("v2", "m2", days(1))
                         .tag("next", "m2", days(1))
                         .done();
    std::string const keep = R"("keep":[{"tags":"v*","newest":1)";
    EXPECT_THAT(deleted(policy(keep + "}]," + all_go), app), ElementsAre("next", "stable", "v1"));
    EXPECT_THAT(deleted(policy(keep + R"(,"all-tags":true}],)" + all_go), app), ElementsAre("stable", "v1"));
    auto const gone = policy(R"("delete":[{"tags":"v*","older-than":"5d","all-tags":true}])");
    EXPECT_THAT(deleted(gone, app), ElementsAre("stable", "v1"));
}

TEST(RetentionImages, ARuleCanDemandOtherTags) {
    auto const app = ARepository()
                         .tag("alpha-1", "m1", days(9))
                         .tag("beta-1", "m1", days(9))
                         .tag("alpha-2", "m2", days(9))
                         .done();
    EXPECT_THAT(deleted(policy(R"("delete":[{"tags":"alpha-*","also":["beta-*"]}])"), app),
                ElementsAre("alpha-1"));
    auto const three = policy(R"("delete":[{"tags":"*","also":["beta-*","gamma-*"]}])");
    EXPECT_THAT(deleted(three, app), IsEmpty()) << "each of them";
}

TEST(RetentionUntagged, TheNewestStay) {
    ARepository made;
    for (auto const* const name : {"a", "b", "c", "d"}) {
        made.manifest(name, days(name[0] - 'a' + 1));
        made.released(name, days(1));
    }
    auto const app = made.done();
    auto const gone = [](std::string_view name) { return "@" + digest_of(name).str(); };
    std::string const rules = R"("delete":[{"untagged-for":"1h"}])";
    EXPECT_THAT(deleted(policy(R"("keep":[{"untagged":true,"newest":3}],)" + rules), app),
                ElementsAre(gone("d")));
    EXPECT_EQ(deleted(policy(R"("keep":[{"untagged":true,"pushed-within":"2d"}],)" + rules), app),
              (std::set<std::string>{gone("b"), gone("c"), gone("d")}));
}

/// Each image has 100 bytes of its own in its manifest, and a layer.
ARepository a_gib_for_each(std::initializer_list<std::string_view> tags) {
    ARepository made;
    int age = 0;
    for (auto const tag : tags) {
        made.tag(tag, days(++age));
        made.blob("layer of " + std::string(tag), std::uint64_t{1} << 30, {std::string(tag)});
    }
    return made;
}

TEST(RetentionSize, TheOldestGoUntilTheRepositoryIsSmallEnough) {
    auto const app = a_gib_for_each({"v4", "v3", "v2", "v1"}).done();
    EXPECT_THAT(deleted(policy(R"("delete":[{"tags":"*","until-size":"3GiB"}])"), app),
                ElementsAre("v1", "v2"))
        << "manifests count, too";
    auto const policies = policy(R"("delete":[{"tags":"v?","until-size":"3073MiB"}])");
    EXPECT_THAT(deleted(policies, app), ElementsAre("v1"));
    EXPECT_EQ(why(policies, app, "v1"), "tags v?, until 3073MiB: pushed 4d ago");
    EXPECT_EQ(reason_of(policies, app, "v2"), "size");
    EXPECT_EQ(why(policies, app, "v2"), "tags v?, until 3073MiB: the size is reached without it");
    EXPECT_THAT(deleted(policy(R"("delete":[{"tags":"*","until-size":"5GiB"}])"), app), IsEmpty());
}

TEST(RetentionSize, WhatOtherRulesDeleteCountsFirstAndWhatTheyKeepStays) {
    auto const app = a_gib_for_each({"v4", "v3", "pr-2", "v2", "v1"}).done();
    auto const policies = policy(R"("keep":[{"tags":"v1"}],)"
                                 R"("delete":[{"tags":"*","until-size":"3073MiB"},{"tags":"pr-*"}])");
    EXPECT_THAT(deleted(policies, app), ElementsAre("pr-2", "v2"));
    EXPECT_THAT(deleted(policy(R"("floor":4,"delete":[{"tags":"*","until-size":"1GiB"}])"), app),
                ElementsAre("v1"));
}

TEST(RetentionSize, SharedBytesCountOnceAndGoWithTheLastImage) {
    auto const app = ARepository()
                         .tag("c", days(1))
                         .tag("b", days(2))
                         .tag("a", days(3))
                         .tag("a-too", "a", days(4))
                         .blob("base", std::uint64_t{1} << 30, {"a", "b"})
                         .blob("own", std::uint64_t{1} << 20, {"c"})
                         .done();
    auto const gone = [&](std::string_view size) {
        return deleted(policy(fmt::format(R"("delete":[{{"tags":"*","until-size":"{}"}}])", size)), app);
    };
    EXPECT_THAT(gone("1026MiB"), IsEmpty());
    EXPECT_THAT(gone("1GiB"), ElementsAre("a", "a-too", "b")) << "the layer is shared: both images go";
}

/// What no tag needs goes with the garbage collection, and is no reason to delete a tag.
TEST(RetentionSize, UntaggedManifestsDoNotCount) {
    auto const app = ARepository()
                         .tag("v1", days(1))
                         .manifest("old")
                         .blob("layer", std::uint64_t{1} << 30, {"old"})
                         .done();
    EXPECT_THAT(deleted(policy(R"("delete":[{"tags":"*","until-size":"1MiB"}])"), app), IsEmpty());
}

TEST(RetentionSize, TheOrderOfRulesDoesNotMatter) {
    auto const app = a_gib_for_each({"v4", "dev-3", "dev-2", "v1"}).done();
    std::string const small = R"({"tags":"dev-*","until-size":"3073MiB"})";
    std::string const large = R"({"tags":"*","until-size":"3073MiB"})";
    auto const expected = ElementsAre("dev-2", "v1");  // Each rule for itself.
    EXPECT_THAT(deleted(policy(R"("delete":[)" + small + "," + large + "]"), app), expected);
    EXPECT_THAT(deleted(policy(R"("delete":[)" + large + "," + small + "]"), app), expected);
}

TEST(RetentionHooks, KeepTagsAndAreNamed) {
    auto app = ARepository().tag("v1", days(9)).tag("v2", days(9)).tag("v3", days(9)).done();
    app.hooks.kept = {{"v1", "in_use.py"}, {"v3", "in_use.py"}, {"gone", "in_use.py"}};
    auto const policies = policy(R"("keep":[{"tags":"v3"}],)" + all_go);
    EXPECT_THAT(deleted(policies, app), ElementsAre("v2"));
    EXPECT_EQ(why(policies, app, "v1"), "kept by the hook retain of in_use.py");
    EXPECT_EQ(reason_of(policies, app, "v3"), "keep-rule") << "a rule keeps it in any case";
    retention::View const view(app, now);
    auto const outcome = evaluate(policies, view);
    EXPECT_EQ(place_text(policies, outcome.rows[0]), "in_use.py");
    EXPECT_EQ(place_text(policies, outcome.rows[1]), "p.delete.0");
}

/// As a keep rule with a list in each policy: by tag, by digest, by that of a platform, and without a tag.
TEST(RetentionHooks, KeepWhatTheyNameAsInUse) {
    auto app = ARepository()
                   .tag("v1", days(9))
                   .tag("v2", days(9))
                   .tag("v3", "v2", days(9))
                   .tag("index", days(9))
                   .manifest("platform")
                   .child("index", "platform")
                   .tag("kept", days(9))
                   .tag("old", days(9))
                   .manifest("loose")
                   .released("loose", days(9))
                   .manifest("gone")
                   .released("gone", days(9))
                   .done();
    auto const name = [&](std::string const& reference) { app.in_use.insert({"hook:in_use.py", reference}); };
    name("v1");
    name("kept");
    for (auto const* const content : {"v2", "platform", "loose"}) name(digest_of(content).str());
    auto const policies =
        policy(R"("keep":[{"tags":"kept"}],"delete":[{"tags":"*","everything":true},{"untagged-for":"1d"}])");
    EXPECT_THAT(deleted(policies, app), ElementsAre("@" + digest_of("gone").str(), "old"));
    EXPECT_EQ(why(policies, app, "v1"), "named by the hook images_in_use of in_use.py");
    EXPECT_EQ(reason_of(policies, app, "index"), "hook");
    EXPECT_EQ(reason_of(policies, app, "kept"), "keep-rule") << "a rule keeps it in any case";
    auto const elsewhere = policy(R"("except":["team/app"],)" + all_go);
    EXPECT_EQ(reason_of(elsewhere, app, "v1"), "no-rule") << "the policy is not for this repository";
}

TEST(RetentionHooks, AFailureKeepsEverything) {
    auto app = ARepository().tag("v1", days(9)).manifest("loose").released("loose", days(9)).done();
    auto const policies = policy(R"("delete":[{"tags":"*","everything":true},{"untagged-for":"1d"}])");
    EXPECT_EQ(deleted(policies, app).size(), 2U);
    app.hooks.failure = "in_use.py failed at retain";
    EXPECT_THAT(deleted(policies, app), IsEmpty());
    EXPECT_EQ(why(policies, app, "v1"), "everything is kept, because in_use.py failed at retain");
}

TEST(RetentionHooks, WhatTheyKeepIsNotTakenForTheSize) {
    auto app = a_gib_for_each({"v3", "v2", "v1"}).done();
    app.hooks.kept = {{"v1", "in_use.py"}};
    EXPECT_THAT(deleted(policy(R"("delete":[{"tags":"*","until-size":"2049MiB"}])"), app), ElementsAre("v2"));
}

}  // namespace
}  // namespace ocilot
