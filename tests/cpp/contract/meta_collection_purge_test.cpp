#include "contract/meta_collection_fixture.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <iterator>
#include <string>
#include <vector>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

namespace {

class MetaCollectionPurgeContract : public MetaCollectionContract {};

}  // namespace

OCILOT_META_KINDS(MetaCollectionPurgeContract);

TEST_P(MetaCollectionPurgeContract, AClientsDeletionKeepsTheContentUntilItExpires) {
    link(app, "layer");
    auto image = a_manifest(app, "image", {tag("v1")});
    image.blobs = {digest("layer")};
    ASSERT_TRUE(put(image).has_value());
    ASSERT_TRUE(run(catalog().delete_manifest(app, digest("image"), {}, bob, at(20))).has_value());
    add("layer", 5);
    EXPECT_THAT(review({digest("layer")}, 9).condemned, IsEmpty()) << "it comes back with the manifest";
    add("image", 20);
    EXPECT_THAT(review({digest("image")}, 20).expired, ElementsAre(digest("image")));
    auto const purged = purge({digest("image")}, 20);
    EXPECT_EQ(purged.manifests, 1U);
    meta::Candidate const bytes{app.str(), digest("image"), at(20)};
    EXPECT_THAT(purged.bytes, ElementsAre(bytes));
    EXPECT_THAT(due("team/app", 20), UnorderedElementsAre(digest("layer"), digest("image")))
        << "until its bytes are gone";
    EXPECT_THAT(run(queue().unheld({digest("image"), digest("layer")})).value(),
                ElementsAre(digest("image")));
    add("image", 21);
    ASSERT_TRUE(run(queue().settle({bytes}, {})).has_value());
    EXPECT_THAT(due("team/app", 21), UnorderedElementsAre(digest("layer"), digest("image")))
        << "released again since it was read";
    ASSERT_TRUE(run(queue().settle({{app.str(), digest("image"), at(21)}}, {})).has_value());
    EXPECT_THAT(due("team/app", 21), ElementsAre(digest("layer")));
}

TEST_P(MetaCollectionPurgeContract, BytesWhoseRemovalWasInterruptedAreFoundAgain) {
    link(app, "layer");
    ASSERT_TRUE(put(a_manifest(app, "image")).has_value());
    add("layer", 5);
    add("image", 5);
    ASSERT_THAT(review({digest("layer"), digest("image")}, 9).condemned, SizeIs(2));
    ASSERT_THAT(purge({digest("layer"), digest("image")}, 9).bytes, SizeIs(2));
    auto const again = review({digest("layer"), digest("image")}, 9);
    EXPECT_THAT(again.left, UnorderedElementsAre(meta::Candidate{app.str(), digest("layer"), at(5)},
                                                 meta::Candidate{app.str(), digest("image"), at(5)}));
    EXPECT_EQ(again.kept, 0U);
    meta::Candidate const later{"", digest("layer"), at(6), true};
    ASSERT_TRUE(run(queue().settle(again.left, {later})).has_value());
    EXPECT_THAT(due("team/app", 20), IsEmpty());
    EXPECT_THAT(due("", 20), ElementsAre(digest("layer"))) << "what could not be removed comes again";
}

TEST_P(MetaCollectionPurgeContract, WhatIsPushedAgainAndReleasedByAPurgeIsReviewed) {
    link(app, "layer");
    auto image = a_manifest(app, "image");
    image.blobs = {digest("layer")};
    ASSERT_TRUE(put(image).has_value());
    ASSERT_TRUE(run(links().unlink_blob(app, digest("layer"), {}, bob, at(4))).has_value());
    link(app, "layer");
    add("layer", 6);
    add("image", 5);
    ASSERT_THAT(review({digest("layer"), digest("image")}, 9).expired, ElementsAre(digest("layer")));
    auto const purged = purge({digest("layer"), digest("image")}, 9);
    EXPECT_EQ(purged.links, 1U);
    EXPECT_EQ(purged.manifests, 1U);
    EXPECT_THAT(purged.bytes, ElementsAre(meta::Candidate{app.str(), digest("image"), at(5)}));
    EXPECT_TRUE(has_link("layer"));
    EXPECT_THAT(review({digest("layer")}, 9).condemned, ElementsAre(digest("layer")));
}

TEST_P(MetaCollectionPurgeContract, BytesThatCouldNotBeRemovedStayCandidatesAfterOthers) {
    std::vector<meta::Candidate> all;
    for (auto const* const content : {"gone", "stuck", "released again"})
        all.push_back({"", digest(content), at(20)});
    ASSERT_TRUE(run(queue().enqueue(all, {})).has_value());
    ASSERT_TRUE(run(queue().enqueue({{"", digest("released again"), at(25)}}, {7})).has_value());
    std::vector<meta::Candidate> const left{{"", digest("stuck"), at(30), true},
                                            {"", digest("released again"), at(30), true}};
    ASSERT_TRUE(run(queue().settle(all, left)).has_value());
    EXPECT_THAT(due("", 25), ElementsAre(digest("released again")));
    EXPECT_THAT(due("", 39), ElementsAre(digest("released again")));
    EXPECT_THAT(due("", 40), ElementsAre(digest("released again"), digest("stuck")));
    EXPECT_EQ(run(queue().place()).value().value().change, 7) << "it moves no place";
}

TEST_P(MetaCollectionPurgeContract, CandidatesAreFoundWhereverTheyStand) {
    auto const sha512 = oci::Digest::parse("sha512:" + std::string(128, 'a')).value();
    std::vector<oci::Digest> some;
    std::vector<meta::Candidate> all;
    for (int i = 0; i < 100; ++i) {
        auto const each = digest(std::to_string(i));
        if (i % 5 == 0) some.push_back(each);
        // Most are due at once, and stand between the others; some wait, and of these one is not due.
        all.push_back({app.str(), each, at(i == 10 ? 20 : 5), false, i % 10 != 0});
    }
    all.push_back({app.str(), sha512, at(5), false, true});
    some.push_back(sha512);
    ASSERT_TRUE(run(queue().enqueue(all, {})).has_value());
    auto const is_due = [](oci::Digest const& each) { return each != digest("10"); };
    for (bool const sorted : {false, true}) {
        if (sorted) std::ranges::sort(some);
        std::vector<oci::Digest> left;
        for (auto const& candidate : review(some, 9).left) left.push_back(candidate.digest);
        std::vector<oci::Digest> wanted;
        std::ranges::copy_if(some, std::back_inserter(wanted), is_due);
        EXPECT_EQ(left, wanted);
    }
}

TEST_P(MetaCollectionPurgeContract, ThePurgeOfWhatWasCollectedIsInTheJournal) {
    ASSERT_TRUE(put(a_manifest(app, "image")).has_value());
    add("image", 5);
    ASSERT_THAT(review({digest("image")}, 5).condemned, ElementsAre(digest("image")));
    EXPECT_EQ(purge({digest("image")}, 5).manifests, 1U);
    auto const entries = run(store->journal().entries({.action = "manifest.collect"})).value().items;
    ASSERT_EQ(entries.size(), 1U);
    EXPECT_EQ(entries[0].digest, digest("image").str());
    EXPECT_EQ(entries[0].by.kind, "system");
}

TEST_P(MetaCollectionPurgeContract, APurgeTakesNothingThatIsNeeded) {
    auto const purged = [&](std::string_view content) {
        return run(queue().releases().image(app, digest(content), bob, at(30)));
    };
    ASSERT_TRUE(put(a_manifest(app, "platform")).has_value());
    auto index = a_manifest(app, "index", {tag("v1")});
    index.manifests = {digest("platform")};
    ASSERT_TRUE(put(index).has_value());
    EXPECT_EQ(purged("unknown").error().code, Errc::manifest_unknown);
    EXPECT_EQ(purged("index").error().code, Errc::conflict);
    EXPECT_THAT(purged("index").error().message, HasSubstr("tag v1 points to it"));
    EXPECT_THAT(purged("platform").error().message, HasSubstr(digest("index").str() + " lists it"));
    ASSERT_TRUE(run(catalog().delete_manifest(app, digest("index"), {}, bob, at(20))).has_value());
    EXPECT_THAT(purged("platform").error().message, HasSubstr("can be restored; purge that first"));
    ASSERT_TRUE(run(catalog().delete_manifest(app, digest("platform"), {}, bob, at(21))).has_value());
    EXPECT_THAT(purged("platform").error().message, HasSubstr("can be restored; purge that first"));
    EXPECT_TRUE(run(store->journal().entries({.action = "manifest.purge"})).value().items.empty());
}

TEST_P(MetaCollectionPurgeContract, WhatAPurgeReleasesIsDueAtOnceAndReleasesTheRest) {
    link(app, "layer");
    auto platform = a_manifest(app, "platform");
    platform.blobs = {digest("layer")};
    ASSERT_TRUE(put(platform).has_value());
    ASSERT_TRUE(put(a_manifest(app, "deleted")).has_value());
    auto index = a_manifest(app, "index", {tag("v1")});
    index.manifests = {digest("platform"), digest("deleted")};
    ASSERT_TRUE(put(index).has_value());
    for (auto const* const content : {"index", "deleted"})
        ASSERT_TRUE(run(catalog().delete_manifest(app, digest(content), {}, bob, at(20))).has_value());
    add("platform", 25, true);
    ASSERT_TRUE(run(queue().releases().image(app, digest("index"), bob, at(30))).has_value());
    add("platform", 26, true);
    constexpr int long_before = 1;
    EXPECT_THAT(due("team/app", long_before), ElementsAre(digest("platform"))) << "others can be restored";
    EXPECT_THAT(due("", long_before), ElementsAre(digest("index")));
    EXPECT_EQ(run(queue().report().counts(cutoffs(long_before))).value().due, 2U);
    ASSERT_THAT(review({digest("platform")}, long_before).condemned, ElementsAre(digest("platform")));
    EXPECT_EQ(purge({digest("platform")}, long_before).manifests, 1U);
    EXPECT_THAT(due("team/app", long_before), UnorderedElementsAre(digest("layer"), digest("platform")));
    EXPECT_FALSE(run(queue().restore({app, {}, digest("index"), {}}, bob, at(31))).has_value());
    EXPECT_TRUE(run(queue().restore({app, {}, digest("deleted"), {}}, bob, at(31))).has_value());
    auto const entries = run(store->journal().entries({.action = "manifest.purge"})).value().items;
    ASSERT_EQ(entries.size(), 1U);
    EXPECT_EQ(entries[0].digest, digest("index").str());
    EXPECT_EQ(entries[0].by.name, bob.name);
}

TEST_P(MetaCollectionPurgeContract, WhatWasReleasedLaterThanWhatNeededItWaitsForItsOwnTime) {
    for (auto const* const child : {"before", "after"}) ASSERT_TRUE(put(a_manifest(app, child)).has_value());
    auto index = a_manifest(app, "index");
    index.manifests = {digest("before"), digest("after")};
    ASSERT_TRUE(put(index).has_value());
    add("before", 4);
    add("index", 5);
    add("after", 9);
    ASSERT_THAT(review({digest("index")}, 8).condemned, ElementsAre(digest("index")));
    EXPECT_THAT(purge({digest("index")}, 8).bytes, SizeIs(1));
    EXPECT_THAT(due("team/app", 8), ElementsAre(digest("index"), digest("before")));
    add("after", 9, true);
    EXPECT_THAT(due("team/app", 9), ElementsAre(digest("index"), digest("before"))) << "it is fresh";
    add("before", 10);
    EXPECT_THAT(due("team/app", 9), ElementsAre(digest("index")));
    EXPECT_THAT(due("team/app", 19),
                UnorderedElementsAre(digest("index"), digest("before"), digest("after")));
}

TEST_P(MetaCollectionPurgeContract, ARenameKeepsWhatIsDueAtOnce) {
    link(app, "layer");
    auto image = a_manifest(app, "image");
    image.blobs = {digest("layer"), digest("never pushed")};
    ASSERT_TRUE(put(image).has_value());
    ASSERT_TRUE(put(a_manifest(app, "other", {tag("t")})).has_value());
    add("image", 5);
    ASSERT_THAT(review({digest("image")}, 9).condemned, SizeIs(1));
    ASSERT_THAT(purge({digest("image")}, 9).bytes, SizeIs(1));
    ASSERT_THAT(due("team/app", 9), SizeIs(3));
    ASSERT_TRUE(run(catalog().admin().rename({app, repo("new"), false}, bob, at(30))).has_value());
    EXPECT_THAT(due("team/app", 50), IsEmpty());
    EXPECT_THAT(due("new", 9), UnorderedElementsAre(digest("image"), digest("never pushed")));
    EXPECT_THAT(due("new", 30),
                UnorderedElementsAre(digest("image"), digest("never pushed"), digest("layer")))
        << "the rename released it again";
}

TEST_P(MetaCollectionPurgeContract, WhatAClientAsksForAgainIsFreshAfterAPurge) {
    link(app, "layer");
    auto image = a_manifest(app, "image");
    image.blobs = {digest("layer")};
    ASSERT_TRUE(put(image).has_value());
    ASSERT_TRUE(run(queue().releases().image(app, digest("image"), bob, at(30))).has_value());
    EXPECT_FALSE(has_manifest("image")) << "nothing needed it";
    ASSERT_THAT(review({digest("layer")}, 5).condemned, ElementsAre(digest("layer")));
    EXPECT_THAT(review({digest("layer")}, 5).condemned, ElementsAre(digest("layer")))
        << "the round before ended, and neither purged nor lifted it";
    // By a clock that is behind.
    ASSERT_TRUE(run(queue().lift(app, {digest("layer")}, at(29))).has_value());
    EXPECT_TRUE(has_link("layer"));
    EXPECT_THAT(due("team/app", 38), IsEmpty());
    EXPECT_THAT(due("team/app", 39), ElementsAre(digest("layer")));
}
