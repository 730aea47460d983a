#include "contract/meta_store_fixture.h"

#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace {

class MetaUsageContract : public MetaStoreContract {
  protected:
    meta::ContentReport& report() { return store->collection().report(); }
    meta::Usage usage(oci::RepositoryName const& repository) {
        return run(report().usage(repository)).value();
    }
    /// A manifest of `size` bytes that names one blob.
    static meta::NewManifest image(oci::RepositoryName const& repository, std::string_view content,
                                   std::string_view blob, std::vector<oci::Tag> tags) {
        auto made = a_manifest(repository, content, std::move(tags));
        made.blobs = {digest(blob)};
        return made;
    }
};

}  // namespace

TEST_P(MetaUsageContract, UsageFollowsEveryWrite) {
    EXPECT_EQ(usage(app), meta::Usage());
    link(app, "layer");
    link(app, "layer");
    EXPECT_EQ(usage(app), (meta::Usage{5, 1, 0, 0}));
    auto const made = image(app, "image", "layer", {tag("v1"), tag("v2")});
    ASSERT_TRUE(put(made).has_value());
    ASSERT_TRUE(put(made).has_value());
    auto const whole = meta::Usage{5 + made.fact.size, 1, 1, 2};
    EXPECT_EQ(usage(app), whole);
    ASSERT_TRUE(put(image(app, "other", "layer", {tag("v1")})).has_value());
    EXPECT_EQ(usage(app).tags, 2U) << "a tag that moves is no other";
    ASSERT_TRUE(run(catalog().delete_manifest(app, digest("other"), {}, bob, at(3))).has_value());
    EXPECT_EQ(usage(app), (meta::Usage{whole.bytes, 1, 1, 1}));
    ASSERT_TRUE(run(store->collection().restore({app, {}, digest("other"), {}}, bob, at(4))).has_value());
    EXPECT_EQ(usage(app).manifests, 2U);
    ASSERT_TRUE(run(catalog().delete_tag(app, tag("v2"), bob, at(5))).has_value());
    ASSERT_TRUE(run(links().unlink_blob(app, digest("layer"), {}, bob, at(5))).has_value());
    EXPECT_EQ(usage(app).blobs, 0U);
    for (auto const* const content : {"image", "other"}) {
        ASSERT_TRUE(run(catalog().delete_manifest(app, digest(content), {}, bob, at(6))).has_value());
    }
    EXPECT_EQ(usage(app), meta::Usage());
    EXPECT_THAT(run(report().usages({{}, 10})).value().items, IsEmpty());
}

TEST_P(MetaUsageContract, RepositoriesAreListedByNameInPages) {
    for (auto const* const name : {"c", "a", "b"}) link(repo(name), "layer");
    auto const first = run(report().usages({{}, 2})).value();
    EXPECT_TRUE(first.more);
    EXPECT_THAT(first.items, ElementsAre(meta::RepositoryUsage{"a", {5, 1, 0, 0}},
                                         meta::RepositoryUsage{"b", {5, 1, 0, 0}}));
    auto const last = run(report().usages({"b", 2})).value();
    EXPECT_FALSE(last.more);
    EXPECT_THAT(last.items, SizeIs(1));
}

TEST_P(MetaUsageContract, WhatIsSharedBecomesFreeWithItsLastHolder) {
    auto const other = repo("team/other");
    link(app, "shared");
    link(other, "shared");
    link(app, "own one");
    auto const details = [&] { return run(report().details(app)).value(); };
    EXPECT_EQ(details().usage.bytes, 13U);
    EXPECT_EQ(details().exclusive, 7U);
    ASSERT_TRUE(run(links().unlink_blob(other, digest("shared"), {}, bob, at(2))).has_value());
    EXPECT_EQ(details().exclusive, 13U);
    ASSERT_TRUE(run(links().unlink_blob(app, digest("shared"), {}, bob, at(3))).has_value());
    EXPECT_EQ(details().exclusive, 7U);
    EXPECT_EQ(details().restorable, 6U);
    EXPECT_EQ(run(report().details(repo("unknown"))).error().code, Errc::name_unknown);
}

TEST_P(MetaUsageContract, AnImageFreesWhatOnlyItsTagNeeds) {
    link(app, "base");
    link(app, "own one");
    auto one = image(app, "one", "base", {tag("v1")});
    one.blobs.push_back(digest("own one"));
    ASSERT_TRUE(put(one).has_value());
    ASSERT_TRUE(put(image(app, "two", "base", {tag("v2")})).has_value());
    auto signature = a_manifest(app, "signature");
    signature.subject = digest("one");
    ASSERT_TRUE(put(signature).has_value());
    auto const usage_of = [&](std::string_view name) {
        return run(report().image(app, tag(name), 100)).value();
    };
    auto const found = usage_of("v1");
    ASSERT_THAT(found.parts, SizeIs(4));
    EXPECT_EQ(found.parts.front().digest, digest("one"));
    EXPECT_EQ(found.frees, 7 + one.fact.size + signature.fact.size);
    auto tagged_again = one;
    tagged_again.tags = {tag("stable")};
    ASSERT_TRUE(put(tagged_again).has_value());
    EXPECT_EQ(usage_of("v1").frees, 0U) << "another tag needs it";
    EXPECT_EQ(run(report().image(app, tag("none"), 100)).error().code, Errc::manifest_unknown);
}

TEST_P(MetaUsageContract, AnIndexFreesTheManifestsThatNothingElseNames) {
    auto const one = a_manifest(app, "one");
    auto const two = a_manifest(app, "two", {tag("two")});
    for (auto const& each : {one, two}) ASSERT_TRUE(put(each).has_value());
    auto index = a_manifest(app, "index", {tag("v1")});
    index.manifests = {digest("one"), digest("two")};
    ASSERT_TRUE(put(index).has_value());
    EXPECT_EQ(run(report().image(app, tag("v1"), 100)).value().frees, index.fact.size + one.fact.size);
}

TEST_P(MetaUsageContract, ARepositoryNeverHoldsMoreThanItsLimits) {
    auto const push = [&](std::string_view content, std::optional<std::uint64_t> bytes) {
        auto const linked = run(links().link_blob(app, {digest(content), content.size()}, {}, bob, at(1),
                                                  {{bytes, std::nullopt}, {}}));
        return linked.has_value() ? Errc() : linked.error().code;
    };
    EXPECT_EQ(push("12345", 5), Errc());
    EXPECT_EQ(push("6", 5), Errc::quota_exceeded);
    EXPECT_EQ(push("12345", 5), Errc()) << "it is there already";
    EXPECT_EQ(push("6", 6), Errc());
    link(repo("team/other"), "7");
    auto const mounted =
        run(links().mount_blob(repo("team/other"), app, digest("7"), bob, at(2), {{6, std::nullopt}, {}}));
    ASSERT_TRUE(mounted.has_error());
    EXPECT_EQ(mounted.error().code, Errc::quota_exceeded);
    EXPECT_THAT(mounted.error().message, HasSubstr("team/app is 6 bytes; 6 bytes are used"));
    EXPECT_EQ(usage(app), (meta::Usage{6, 2, 0, 0})) << "nothing of what was refused is left";
}

TEST_P(MetaUsageContract, ATagTooManyIsRefusedAndOneThatMovesIsNot) {
    auto const push = [&](std::string_view content, std::vector<oci::Tag> tags) {
        auto made = a_manifest(app, content, std::move(tags));
        made.limits.repository = {std::nullopt, 2};
        auto const recorded = put(std::move(made));
        return recorded.has_value() ? Errc() : recorded.error().code;
    };
    EXPECT_EQ(push("one", {tag("v1"), tag("v2")}), Errc());
    EXPECT_EQ(push("two", {tag("v3")}), Errc::quota_exceeded);
    EXPECT_EQ(push("two", {tag("v2")}), Errc());
    EXPECT_EQ(push("three", {}), Errc()) << "it has no tag";
    EXPECT_EQ(usage(app).tags, 2U);
    ASSERT_TRUE(run(catalog().delete_tag(app, tag("v1"), bob, at(5))).has_value());
    EXPECT_EQ(push("two", {tag("v3")}), Errc()) << "a delete makes room at once";
}

OCILOT_META_KINDS(MetaUsageContract);
