// What users of other registries reported about retention, one test each.

#include "retention/a_repository.h"

#include <fmt/format.h>

namespace ocilot {
namespace {

using namespace test;
using std::chrono::days;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string const everything = R"("delete":[{"tags":"*","everything":true}])";

/// R1, R16: two tags on one manifest are two.
TEST(RetentionCase, ATagIsTheUnit) {
    auto const app = ARepository().tag("old", "m1", days(9)).tag("keep", "m1", days(9)).done();
    auto const policies = policy(R"("delete":[{"tags":"old"}])");
    EXPECT_THAT(deleted(policies, app), ElementsAre("old"));
    EXPECT_THAT(retention::freed_by(evaluate(policies, retention::View(app, now)), app).manifests, IsEmpty());
}

/// R3: exceptions within a rule, and what no keep rule selects can be deleted.
TEST(RetentionCase, AnExceptionIsOfItsRule) {
    auto const app = ARepository().tag("v1.0.2", days(1)).tag("v1.0.2rc3", days(1)).done();
    EXPECT_THAT(deleted(policy(R"("keep":[{"tags":"v*","except":"*rc*"}],)" + everything), app),
                ElementsAre("v1.0.2rc3"));
}

/// R4: an exception means that this rule does not speak of it.
TEST(RetentionCase, WhatADeleteRuleExceptsStays) {
    auto const app = ARepository().tag("latest", days(90)).tag("v1", days(90)).done();
    auto const policies = policy(R"("delete":[{"tags":"*","except":"latest","older-than":"1d"}])");
    EXPECT_THAT(deleted(policies, app), ElementsAre("v1"));
    EXPECT_EQ(why(policies, app, "latest"), "no delete rule selects it");
}

/// R5: versions are not what comes after them.
TEST(RetentionCase, VersionsAreNotTheirBuilds) {
    auto const app = ARepository()
                         .tag("v1.0.0", days(3))
                         .tag("v1.0.0-12-ge7e7", days(2))
                         .tag("v1.0.0-13-gabcd", days(1))
                         .tag("v1.1.0", days(0))
                         .done();
    auto const policies = policy(R"("keep":[{"semver":true},{"tags":"v*-*-g*","newest":1}],)" + everything);
    EXPECT_THAT(deleted(policies, app), ElementsAre("v1.0.0-12-ge7e7"));
}

/// R6: a count is of the rule, or of each pattern.
TEST(RetentionCase, ACountCanBeOfEachPattern) {
    ARepository made;
    for (int i = 0; i < 10; ++i) {
        made.tag(fmt::format("release-{}", i), days(30 + i));
        made.tag(fmt::format("prod-{}", i), days(20 + i));
        made.tag(fmt::format("dev-{}", i), days(i));
    }
    auto const app = made.done();
    auto const rule = R"("keep":[{"tags":["release-*","prod-*","dev-*"],"newest":3)";
    EXPECT_THAT(deleted(policy(std::string(rule) + "}]," + everything), app), SizeIs(27));
    auto const gone = deleted(policy(std::string(rule) + R"(,"per":"pattern"}],)" + everything), app);
    EXPECT_THAT(gone, SizeIs(21));
    for (auto const* const name : {"release-0", "prod-2", "dev-0"}) EXPECT_FALSE(gone.contains(name)) << name;
}

/// R7: the only tag of its prefix, and explained.
TEST(RetentionCase, TheNewestOfAPrefixStays) {
    auto const app = ARepository().tag("env18-1", days(32)).tag("other", days(32)).done();
    auto const policies =
        policy(R"("keep":[{"tags":"env18-*","newest":1}],"delete":[{"tags":"*","older-than":"7d"}])");
    EXPECT_THAT(deleted(policies, app), ElementsAre("other"));
    EXPECT_EQ(why(policies, app, "env18-1"), "tags env18-*, newest 1: number 1, pushed 32d ago");
}

/// R8: fields of a rule are AND.
TEST(RetentionCase, FieldsOfARuleAllHold) {
    ARepository made;
    for (int i = 0; i < 5; ++i) made.tag(fmt::format("t{}", i), std::chrono::minutes(60 + i));
    auto const app = made.done();
    auto const policies = policy(R"("keep":[{"tags":"*","newest":3,"pushed-within":"100h"}],)" + everything);
    EXPECT_THAT(deleted(policies, app), ElementsAre("t3", "t4"));
    EXPECT_THAT(deleted(policies, app, now + std::chrono::hours(101)), SizeIs(5));
}

/// R9, R14: every repository is counted for itself.
TEST(RetentionCase, CountsAreOfARepository) {
    auto const policies = policy(R"("keep":[{"tags":"*","newest":2}],)" + everything);
    for (auto const* const name : {"team/a", "team/b", "team/c"}) {
        ARepository made(name);
        for (int i = 0; i < 5; ++i) made.tag(fmt::format("t{}", i), days(i));
        EXPECT_THAT(deleted(policies, made.done()), ElementsAre("t2", "t3", "t4")) << name;
    }
}

/// R10: what is excepted does not use up the count.
TEST(RetentionCase, WhatIsExceptedIsNotCounted) {
    ARepository made;
    made.tag("latest", days(0)).tag("main", days(0));
    for (int i = 0; i < 5; ++i) made.tag(fmt::format("t{}", i), days(1 + i));
    EXPECT_THAT(deleted(policy(R"("keep":[{"tags":"*","except":["latest","main"],"newest":5}],)"
                               R"("delete":[{"tags":"*","except":["latest","main"],"everything":true}])"),
                        made.done()),
                IsEmpty());
}

/// R11: the floor is of the whole repository.
TEST(RetentionCase, TheFloorIsOfTheWholeRepository) {
    ARepository made;
    for (int i = 0; i < 10; ++i) made.tag(fmt::format("t{}", i), days(i));
    auto const app = made.done();
    auto const policies = policy(R"("keep":[{"tags":"t0"}],"floor":3,)" + everything);
    auto const gone = deleted(policies, app);
    EXPECT_THAT(gone, SizeIs(7));
    EXPECT_FALSE(gone.contains("t1") || gone.contains("t2"));
    EXPECT_EQ(why(policies, app, "t2"), "floor: number 3 of the newest tags");
}

/// R12: images can be counted instead of tags.
TEST(RetentionCase, ImagesCanBeCounted) {
    ARepository made;
    for (auto const* const image : {"a", "b", "c"}) {
        auto const age = days(image[0] - 'a');
        made.tag(fmt::format("{}1", image), image, age).tag(fmt::format("{}2", image), image, age);
    }
    EXPECT_THAT(
        deleted(policy(R"("keep":[{"tags":"*","newest":2,"count":"images"}],)" + everything), made.done()),
        ElementsAre("c1", "c2"));
}

/// R13: what is no version does not match.
TEST(RetentionCase, WhatIsNoVersionDoesNotMatch) {
    auto const app = ARepository().tag("latest", days(1)).tag("1.2", days(1)).tag("01.2.3", days(1)).done();
    EXPECT_THAT(deleted(policy(R"("keep":[{"semver":true,"newest":1}],)" + everything), app), SizeIs(3));
}

/// R15, R29: order and age are those of the push; an untagged manifest of unknown age is as young as now.
TEST(RetentionCase, AnUnknownAgeIsNow) {
    auto const app = ARepository().tag("v1", days(1)).manifest("loose", days(900)).done();
    EXPECT_THAT(deleted(policy(R"("delete":[{"untagged-for":"7d"}])"), app), IsEmpty());
}

/// R17: a tag spares the others of its image.
TEST(RetentionCase, AnotherTagOfTheImageSparesIt) {
    auto const app = ARepository()
                         .tag("build-7", "m7", days(9))
                         .tag("live", "m7", days(1))
                         .tag("build-6", "m6", days(9))
                         .done();
    EXPECT_THAT(deleted(policy(R"("delete":[{"tags":"build-*","unless-also":["live","test"]}])"), app),
                ElementsAre("build-6"));
}

/// R18: a list of patterns means any.
TEST(RetentionCase, AListOfPatternsMeansAny) {
    auto const app = ARepository().tag("prod", days(1)).tag("x", days(1)).done();
    EXPECT_THAT(deleted(policy(R"("delete":[{"tags":["prod","staging"]}])"), app), ElementsAre("prod"));
}

/// R20: what is in use stays, by tag, by digest and by the digest of a platform.
TEST(RetentionCase, WhatIsInUseStays) {
    auto const app = ARepository()
                         .tag("v1", days(90))
                         .tag("v2", days(90))
                         .tag("v3", "index", days(90))
                         .manifest("platform", days(90))
                         .child("index", "platform")
                         .tag("v4", days(90))
                         .in_use("/used", "v1")
                         .in_use("/used", digest_of("v2").str())
                         .in_use("/used", digest_of("platform").str())
                         .in_use("/other", "v4")
                         .done();
    auto const policies = policy(R"("keep":[{"in-use":"file:/used"}],)" + everything);
    EXPECT_THAT(deleted(policies, app), ElementsAre("v4"));
    EXPECT_THAT(why(policies, app, "v1"), HasSubstr("in use by /used"));
}

/// R21: platforms and referrers are no candidates; they go with their image.
TEST(RetentionCase, PartsFollowTheirImage) {
    ARepository made;
    for (std::string const tag : {"v1", "v2"}) {
        auto const age = days(tag == "v1" ? 2 : 1);
        made.tag(tag, "index" + tag, age);
        for (std::string const part : {"amd", "arm"}) {
            made.manifest(part + tag, age).child("index" + tag, part + tag);
        }
        made.manifest("signature" + tag, age).subject("signature" + tag, "index" + tag);
        made.blob("layer" + tag, 1000, {"amd" + tag, "arm" + tag});
    }
    made.blob("shared", 5000, {"amdv1", "amdv2"});
    auto const app = made.done();
    auto const policies = policy(R"("keep":[{"tags":"*","newest":1}],"delete":[{"untagged-for":"0s"},)"
                                 R"({"tags":"*","everything":true}])");
    EXPECT_THAT(deleted(policies, app), ElementsAre("v1"));
    auto const freed = retention::freed_by(evaluate(policies, retention::View(app, now)), app);
    EXPECT_THAT(freed.manifests, SizeIs(4));
    ASSERT_THAT(freed.blobs, SizeIs(1));
    EXPECT_EQ(app.blobs[freed.blobs.front()].digest, digest_of("layerv1"));
}

/// R24: what was never pulled counts as pulled when it was pushed.
TEST(RetentionCase, NeverPulledIsPulledWhenPushed) {
    ARepository made;
    for (int i = 0; i < 30; ++i) {
        auto const name = fmt::format("t{:02}", i);
        made.tag(name, days(100)).pulled(name, days(1 + i));
    }
    auto const app = made.tag("new", std::chrono::hours(12)).done();
    EXPECT_THAT(deleted(policy(R"("keep":[{"tags":"*","newest":30,"by":"pull"}],)" + everything), app),
                ElementsAre("t29"));
    EXPECT_THAT(deleted(policy(R"("keep":[{"tags":"*","pulled-within":"7d"}],)" + everything), app),
                SizeIs(24));
}

/// R27, R33: rules of tags never speak of untagged manifests.
TEST(RetentionCase, RulesOfTagsDoNotSpeakOfTheUntagged) {
    auto const app =
        ARepository().tag("v1", days(90)).manifest("loose", days(90)).released("loose", days(8)).done();
    EXPECT_THAT(deleted(policy(R"("keep":[{"tags":"*"}],)" + everything), app), IsEmpty());
    EXPECT_THAT(deleted(policy(R"("keep":[{"tags":"*"}],"delete":[{"untagged-for":"7d"}])"), app),
                ElementsAre("@" + digest_of("loose").str()));
}

/// R28: moving names are protected unless the policy says otherwise.
TEST(RetentionCase, LatestIsProtected) {
    auto const app = ARepository().tag("latest", days(90)).tag("v1", days(90)).done();
    auto const rules = R"([{"name":"p","repositories":["**"],"floor":0,)"
                       R"("delete":[{"tags":"*","older-than":"30d"}]}])";
    auto const policies = retention::parse_policies(rules).value();
    EXPECT_THAT(deleted(policies, app), ElementsAre("v1"));
    EXPECT_EQ(why(policies, app, "latest"), "protected by policy p");
    EXPECT_THAT(deleted(policy(R"("protect":[],)" + everything), app), SizeIs(2));
}

/// R31: groups by an annotation.
TEST(RetentionCase, ACountCanBeOfEachAnnotation) {
    ARepository made;
    for (int i = 0; i < 3; ++i) {
        auto const name = fmt::format("prod-{}", i);
        made.tag(name, name, days(50 + i), {{"env", "prod"}});
    }
    for (int i = 0; i < 20; ++i) {
        auto const name = fmt::format("staging-{}", i);
        made.tag(name, name, days(i), {{"env", "staging"}});
    }
    auto const gone = deleted(
        policy(R"("keep":[{"tags":"*","newest":2,"per":"annotation:env"}],)" + everything), made.done());
    EXPECT_THAT(gone, SizeIs(19));
    EXPECT_FALSE(gone.contains("prod-0") || gone.contains("prod-1") || gone.contains("staging-0"));
    EXPECT_TRUE(gone.contains("prod-2"));
}

/// G21, G22: a tag that stands for referrers stays with its subject, and is an orphan without.
TEST(RetentionCase, ReferrerTagsFollowTheirSubject) {
    auto const of = [](std::string_view content) { return "sha256-" + digest_of(content).hex(); };
    auto const app = ARepository()
                         .tag("v1", days(90))
                         .tag(of("v1") + ".sig", "s1", days(90))
                         .tag(of("gone") + ".sig", "s2", days(90))
                         .done();
    auto const policies = policy(R"("keep":[{"tags":"v*"}],)" + everything);
    EXPECT_THAT(deleted(policies, app), IsEmpty());
    EXPECT_EQ(why(policies, app, of("v1") + ".sig"), "stays with its subject");
    EXPECT_THAT(deleted(policy(R"("delete":[{"referrers":"orphaned"}])"), app),
                ElementsAre(of("gone") + ".sig"));
}

/// As for the garbage collection: what can be restored has its signatures then.
TEST(RetentionCase, ReferrersStayWhileTheirSubjectCanBeRestored) {
    auto const signature = "sha256-" + digest_of("gone").hex() + ".sig";
    auto const app = ARepository()
                         .tag(signature, "s", days(90))
                         .restorable_subject_of_tag(signature)
                         .manifest("sbom", days(90))
                         .subject("sbom", "gone")
                         .restorable_subject("sbom")
                         .released("sbom", days(90))
                         .done();
    EXPECT_THAT(deleted(policy(R"("delete":[{"referrers":"orphaned"},{"untagged-for":"1d"}])"), app),
                IsEmpty());
}

TEST(RetentionCase, AReferrerMayComeBeforeItsSubject) {
    auto const app = ARepository()
                         .manifest("early", std::chrono::hours(1))
                         .subject("early", "missing")
                         .manifest("orphan", days(2))
                         .subject("orphan", "missing")
                         .done();
    EXPECT_THAT(deleted(policy(R"("delete":[{"referrers":"orphaned"}])"), app),
                ElementsAre("@" + digest_of("orphan").str()));
}

/// The fuse counts the share of a repository's tags, beyond 20.
TEST(RetentionCase, TheFuseTripsAboveAShare) {
    ARepository made;
    for (int i = 0; i < 100; ++i) made.tag(fmt::format("t{}", i), days(i));
    auto const app = made.done();
    retention::View const view(app, now);
    auto const trips = [&](std::string_view more, int keep) {
        return evaluate(
                   policy(fmt::format(R"("keep":[{{"tags":"*","newest":{}}}],{}{})", keep, more, everything)),
                   view)
            .fuse;
    };
    EXPECT_TRUE(trips("", 74));
    EXPECT_FALSE(trips("", 75));
    EXPECT_FALSE(trips(R"("fuse":"50%",)", 50));
    EXPECT_FALSE(trips(R"("fuse":"0%",)", 80)) << "20 are few";
    EXPECT_TRUE(trips(R"("fuse":"0%",)", 79));
    EXPECT_FALSE(trips(R"("fuse":50,)", 1)) << "a count takes the place of the share";
    EXPECT_TRUE(trips(R"("fuse":{"share":"50%","tags":500},)", 49));
}

/// The other fuse counts the tags of a plan, in all repositories of the policy.
TEST(RetentionCase, TheFuseTripsAboveACount) {
    auto const reasons = [](std::string_view fuse) {
        auto policies = policy(fmt::format(R"("fuse":{},{})", fuse, everything));
        policies.push_back(policies.front());
        policies.back().name = "elsewhere";
        policies.back().repositories = {oci::RepositoryPattern::parse("other/**").value()};
        policies.back().fuse.tags = 0;
        retention::FuseCounter counter(policies);
        for (auto const* const name : {"team/app", "team/web"}) {
            ARepository made(name);
            for (int i = 0; i < 6; ++i) made.tag(fmt::format("t{}", i), days(i + 2));
            auto const repository = made.done();
            counter.add(repository, evaluate(policies, retention::View(repository, now)));
        }
        return counter.reasons();
    };
    EXPECT_THAT(reasons("11"), ElementsAre("it deletes 12 tags, and the fuse of p allows 11"));
    EXPECT_THAT(reasons("12"), IsEmpty());
    EXPECT_THAT(reasons(R"("0%")"), IsEmpty()) << "so few are no share";
    EXPECT_THAT(reasons(R"({"share":"0%","tags":3})"),
                ElementsAre("it deletes 12 tags, and the fuse of p allows 3"));
}

}  // namespace
}  // namespace ocilot
