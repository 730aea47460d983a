#include "contract/meta_store_fixture.h"
#include "meta/charged_to.h"

#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace {

/// A store that counts callers.
class MetaCallerUsageContract : public MetaStoreContract {
  protected:
    void SetUp() override {
        store.reset();
        store = place->open(observers.log, observers.metrics, meta::CallerCounting::on);
    }
    meta::Usage of(std::string_view caller) {
        return run(store->collection().report().caller_usage(caller)).value();
    }
    std::vector<std::string> callers() {
        std::vector<std::string> found;
        for (auto const& each : run(store->collection().report().caller_usages({{}, 100})).value().items) {
            found.push_back(each.caller);
        }
        return found;
    }
    Result<> push(meta::Actor const& by, oci::RepositoryName const& repository, std::string_view content,
                  meta::QuotaLimits limits = {}) {
        meta::PushLimits const all{{}, limits};
        return run(links().link_blob(repository, {digest(content), content.size()}, {}, by, at(1), all));
    }
    /// A manifest of `by`, naming `blob` if it is not empty.
    meta::NewManifest image(meta::Actor const& by, std::string_view content, std::string_view blob = {},
                            std::vector<oci::Tag> tags = {}) {
        auto made = a_manifest(app, content, std::move(tags));
        made.pushed_by = by;
        if (!blob.empty()) made.blobs = {digest(blob)};
        return made;
    }

    oci::RepositoryName const other = repo("team/other");
};

meta::Actor named(std::string kind, std::string name, std::string address = {}) {
    return {.name = std::move(name), .kind = std::move(kind), .address = std::move(address)};
}

}  // namespace

TEST_P(MetaCallerUsageContract, ContentIsChargedToWhoBroughtItIntoItsRepository) {
    ASSERT_TRUE(push(ann, app, "layer").has_value());
    ASSERT_TRUE(push(bob, app, "layer").has_value()) << "it is there already";
    EXPECT_EQ(of("user:ann"), (meta::Usage{5, 1, 0, 0}));
    EXPECT_EQ(of("robot:bob"), meta::Usage());
    ASSERT_TRUE(run(links().mount_blob(app, other, digest("layer"), bob, at(2))).has_value());
    EXPECT_EQ(of("robot:bob"), (meta::Usage{5, 1, 0, 0})) << "once for each repository";
    auto const made = image(ann, "image", "layer", {tag("v1"), tag("v2")});
    ASSERT_TRUE(put(made).has_value());
    ASSERT_TRUE(put(image(bob, "image", "layer", {tag("v1"), tag("v3")})).has_value());
    EXPECT_EQ(of("user:ann"), (meta::Usage{5 + made.fact.size, 1, 1, 2}));
    EXPECT_EQ(of("robot:bob"), (meta::Usage{5, 1, 0, 1})) << "of the image only its new tag";
    ASSERT_TRUE(put(image(bob, "again", {}, {tag("v1")})).has_value());
    EXPECT_EQ(of("user:ann").tags, 2U) << "a tag that moves stays whose it is";
    EXPECT_THAT(callers(), ElementsAre("robot:bob", "user:ann"));
}

TEST_P(MetaCallerUsageContract, WhatLeavesARepositoryIsNoLongerChargedWhoeverDeletesIt) {
    ASSERT_TRUE(push(ann, app, "layer").has_value());
    ASSERT_TRUE(put(image(ann, "image", {}, {tag("v1"), tag("v2")})).has_value());
    ASSERT_TRUE(run(catalog().delete_tag(app, tag("v2"), bob, at(3))).has_value());
    EXPECT_EQ(of("user:ann").tags, 1U);
    ASSERT_TRUE(run(links().unlink_blob(app, digest("layer"), {}, bob, at(3))).has_value());
    EXPECT_EQ(of("user:ann").blobs, 0U);
    ASSERT_TRUE(run(catalog().delete_manifest(app, digest("image"), {}, bob, at(4))).has_value());
    EXPECT_EQ(of("user:ann"), meta::Usage());
    EXPECT_THAT(callers(), IsEmpty()) << "nothing is kept of who has nothing";
}

TEST_P(MetaCallerUsageContract, WhatIsRestoredIsChargedAsBefore) {
    ASSERT_TRUE(push(ann, app, "layer").has_value());
    auto const made = image(ann, "image", "layer", {tag("v1")});
    ASSERT_TRUE(put(made).has_value());
    auto const whole = of("user:ann");
    ASSERT_TRUE(run(admin().remove(app, bob, at(3))).has_value());
    EXPECT_THAT(callers(), IsEmpty());
    ASSERT_TRUE(run(store->collection().restore({app, tag("v1"), {}, {}}, bob, at(4))).has_value());
    EXPECT_EQ(of("user:ann"), whole);
    EXPECT_THAT(callers(), ElementsAre("user:ann"));
    ASSERT_TRUE(run(admin().rename({app, other, false}, bob, at(5))).has_value());
    EXPECT_EQ(of("user:ann"), whole) << "a name does not change what is held";
    ASSERT_TRUE(run(catalog().delete_manifest(other, digest("image"), {}, bob, at(6))).has_value());
    auto again = image(bob, "image", "layer", {tag("v1")});
    again.repository = other;
    ASSERT_TRUE(put(again).has_value());
    EXPECT_EQ(of("robot:bob"), (meta::Usage{made.fact.size, 0, 1, 1})) << "who pushes it again brings it";
}

TEST_P(MetaCallerUsageContract, TheGarbageCollectionFreesAndLifts) {
    ASSERT_TRUE(push(ann, app, "layer").has_value());
    auto& queue = store->collection();
    meta::ReviewCutoffs const cutoffs{at(9), at(9)};
    std::vector<meta::Candidate> candidates{{"team/app", digest("layer"), at(1)}};
    ASSERT_TRUE(run(queue.enqueue(candidates, {})).has_value());
    ASSERT_EQ(run(queue.review(app, {digest("layer")}, cutoffs)).value().condemned.size(), 1U);
    EXPECT_EQ(of("user:ann"), meta::Usage());
    ASSERT_TRUE(run(queue.lift(app, {digest("layer")}, at(2))).has_value());
    EXPECT_EQ(of("user:ann"), (meta::Usage{5, 1, 0, 0}));
}

TEST_P(MetaCallerUsageContract, AnonymousCallersAreOneAndJobsAreNobody) {
    ASSERT_TRUE(push(named("anonymous", "", "192.0.2.1"), app, "one").has_value());
    ASSERT_TRUE(push(named("anonymous", "", "192.0.2.2"), app, "two").has_value());
    ASSERT_TRUE(push(named("federated", "gitlab/team"), app, "three").has_value());
    ASSERT_TRUE(push(named("user", "gitlab/team"), app, "four").has_value());
    ASSERT_TRUE(push(named("system", "retention"), app, "five").has_value());
    ASSERT_TRUE(push(named("local", "adopt"), app, "six").has_value());
    EXPECT_EQ(of("anonymous"), (meta::Usage{6, 2, 0, 0}));
    EXPECT_THAT(callers(), ElementsAre("anonymous", "federated:gitlab/team", "user:gitlab/team"));
    EXPECT_EQ(meta::charged_to("system", "retention"), "");
}

TEST_P(MetaCallerUsageContract, ACallerIsNeverChargedForMoreThanItsLimits) {
    auto const code = [](Result<> const& pushed) {
        return pushed.has_value() ? Errc() : pushed.error().code;
    };
    meta::QuotaLimits const six{6, std::nullopt};
    EXPECT_EQ(code(push(ann, app, "12345", six)), Errc());
    auto const refused = push(ann, other, "67", six);
    ASSERT_EQ(code(refused), Errc::quota_exceeded) << "in whatever repository";
    EXPECT_THAT(refused.error().message, HasSubstr("the quota of user ann is 6 bytes; 5 bytes are used"));
    EXPECT_THAT(refused.error().message,
                HasSubstr("delete tags and manifests of user ann, in any repository"));
    EXPECT_EQ(run(links().blob(other, digest("67"))).error().code, Errc::blob_unknown);
    EXPECT_EQ(code(push(ann, app, "12345", six)), Errc()) << "it is there already";
    EXPECT_EQ(code(push(bob, other, "67", six)), Errc()) << "of another caller";
    EXPECT_EQ(code(push(ann, other, "67", six)), Errc()) << "what another is charged for costs nothing";
    EXPECT_EQ(code(push(named("system", "job"), app, "8901234", six)), Errc()) << "nobody has no quota";
    auto manifest = image(ann, "image");
    manifest.limits.caller = six;
    EXPECT_EQ(code(put(manifest)), Errc::quota_exceeded);
    EXPECT_EQ(run(catalog().manifest(app, digest("image"))).error().code, Errc::manifest_unknown);
    ASSERT_TRUE(run(links().unlink_blob(app, digest("12345"), {}, bob, at(3))).has_value());
    EXPECT_EQ(code(put(manifest)), Errc()) << "a delete makes room at once";
}

TEST_P(MetaCallerUsageContract, ATagTooManyOfACallerIsRefused) {
    auto const set = [&](meta::Actor const& by, std::string_view name) {
        auto made = image(by, "image", {}, {tag(name)});
        made.limits.caller = {std::nullopt, 1};
        auto const recorded = put(std::move(made));
        return recorded.has_value() ? Errc() : recorded.error().code;
    };
    EXPECT_EQ(set(ann, "v1"), Errc());
    EXPECT_EQ(set(ann, "v2"), Errc::quota_exceeded);
    EXPECT_EQ(set(bob, "v2"), Errc());
    EXPECT_EQ(set(ann, "v2"), Errc()) << "it is there already";
    EXPECT_EQ(tags("team/app"), (std::vector<std::string>{"v1", "v2"}));
}

TEST_P(MetaCallerUsageContract, CallersAreListedByNameInPages) {
    for (auto const* const name : {"c", "a", "b"}) {
        ASSERT_TRUE(push(named("user", name), app, name).has_value());
        ASSERT_TRUE(push(named("user", name), other, std::string(name) + " again").has_value());
    }
    auto& report = store->collection().report();
    auto const first = run(report.caller_usages({{}, 2})).value();
    EXPECT_TRUE(first.more);
    EXPECT_THAT(first.items, ElementsAre(meta::CallerUsage{"user:a", {8, 2, 0, 0}},
                                         meta::CallerUsage{"user:b", {8, 2, 0, 0}}));
    auto const last = run(report.caller_usages({"user:b", 2})).value();
    EXPECT_FALSE(last.more);
    EXPECT_THAT(last.items, ElementsAre(meta::CallerUsage{"user:c", {8, 2, 0, 0}}));
}

OCILOT_META_KINDS(MetaCallerUsageContract);
