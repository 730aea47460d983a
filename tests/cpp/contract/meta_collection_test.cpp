#include "contract/meta_collection_fixture.h"

#include <algorithm>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <set>
#include <span>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::_;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

TEST_P(MetaCollectionContract, CandidatesAreDueInTheOrderOfTheirRelease) {
    add("late", 300);
    add("early", 100);
    add("fresh", 100, true);
    EXPECT_THAT(due("team/app", 99), IsEmpty());
    EXPECT_THAT(due("team/app", 100), ElementsAre(digest("early")));
    EXPECT_THAT(due("team/app", 200), ElementsAre(digest("early"), digest("fresh")));
    EXPECT_THAT(due("team/app", 300), ElementsAre(digest("early"), digest("late"), digest("fresh")));
    auto const counts = run(queue().report().counts(cutoffs(200))).value();
    EXPECT_EQ(counts.due, 2U);
    EXPECT_EQ(counts.waiting, 1U);
}

TEST_P(MetaCollectionContract, OfAMinuteThoseStoredSideBySideAreDueSideBySide) {
    std::vector<oci::Digest> added;
    for (int second = 0; second < 20; ++second) {
        auto const content = std::to_string(second);
        add(content, 79 - second);
        added.push_back(digest(content));
    }
    std::ranges::sort(added);
    EXPECT_THAT(due("team/app", 100), ElementsAreArray(added));
    EXPECT_THAT(due("team/app", 65), SizeIs(6)) << "to the second";
}

TEST_P(MetaCollectionContract, OfManyThoseOfSeveralRangesOfDigestsAreMixed) {
    constexpr std::size_t many = 1'024;
    constexpr std::size_t piece = 128;
    for (bool const purged : {true, false}) {
        std::vector<meta::Candidate> all;
        for (std::size_t i = 0; i < 2 * many; ++i) {
            auto const content = fmt::format("{} {}", purged, i);
            all.push_back({app.str(), digest(content), at(int(i % 50)), false, purged});
        }
        ASSERT_TRUE(run(queue().enqueue(std::move(all), {})).has_value());
        auto const found = run(queue().due(cutoffs(50), many)).value();
        ASSERT_THAT(found, SizeIs(many));
        std::set<oci::Digest> different;
        for (std::size_t from = 0; from < many; from += piece) {
            std::set<char> places;
            for (auto const& one : std::span(found).subspan(from, piece)) {
                places.insert(one.digest.hex().front());
                different.insert(one.digest);
                EXPECT_EQ(one.purged, purged);
            }
            EXPECT_THAT(places, SizeIs(8)) << "directories in which files are removed side by side";
        }
        EXPECT_THAT(different, SizeIs(many));
    }
}

TEST_P(MetaCollectionContract, ACandidateKeepsItsLaterTime) {
    add("one", 20);
    add("one", 10, true);
    EXPECT_THAT(due("team/app", 19), IsEmpty());
    EXPECT_THAT(due("team/app", 20), ElementsAre(digest("one")));
    add("one", 30);
    EXPECT_THAT(due("team/app", 29), IsEmpty());
}

TEST_P(MetaCollectionContract, ReleasedBytesAreCandidatesAndMoveNoPlace) {
    ASSERT_TRUE(run(queue().enqueue({}, {.change = 7})).has_value());
    ASSERT_TRUE(run(queue().releases().bytes({digest("refused")}, at(5))).has_value());
    EXPECT_THAT(run(queue().due({at(4), at(9)}, 10)).value(), IsEmpty());
    auto const due = run(queue().due({at(5), at(9)}, 10)).value();
    ASSERT_EQ(due.size(), 1U);
    EXPECT_EQ(due.front(), (meta::Candidate{"", digest("refused"), at(5), false}));
    EXPECT_EQ(run(queue().place()).value()->change, 7);
}

TEST_P(MetaCollectionContract, WhatIsNamedByTheTimeItIsReadIsNoCandidate) {
    link(app, "layer");
    link(app, "alone");
    auto image = a_manifest(app, "image", {tag("v1")});
    image.blobs = {digest("layer")};
    ASSERT_TRUE(put(image).has_value());
    ASSERT_TRUE(put(a_manifest(app, "untagged")).has_value());
    for (auto const* const content : {"layer", "alone", "image", "untagged"}) add(content, 10, true);
    EXPECT_THAT(due("team/app", 20), UnorderedElementsAre(digest("alone"), digest("untagged")));
    add("layer", 11);
    EXPECT_THAT(due("team/app", 20), ElementsAre(digest("layer"), _, _)) << "released";
}

TEST_P(MetaCollectionContract, APlanSaysWhatARoundRemovesAndChangesNothing) {
    link(app, "layer");
    auto image = a_manifest(app, "image");
    image.blobs = {digest("layer")};
    ASSERT_TRUE(put(image).has_value());
    link(app, "probed");
    add("image", 5);
    meta::PlanRequest request{.cutoffs = cutoffs(9), .now = at(9), .limit = 10};
    request.unread = {{app.str(), digest("probed"), at(5)}};
    request.is_probed = [](oci::Digest const& asked) { return asked == digest("probed"); };
    auto const size_of = [&](std::string_view content) {
        return content == "layer" ? run(links().blob(app, digest(content))).value().size : image.fact.size;
    };
    for (int i = 0; i < 2; ++i) {
        auto const plan = run(queue().report().plan(request)).value();
        EXPECT_FALSE(plan.more);
        using meta::ContentKind;
        EXPECT_THAT(
            plan.removals,
            UnorderedElementsAre(
                meta::PlannedRemoval{"team/app", digest("image"), ContentKind::manifest, size_of("image")},
                meta::PlannedRemoval{"", digest("image"), ContentKind::bytes, size_of("image")},
                meta::PlannedRemoval{"team/app", digest("layer"), ContentKind::blob, size_of("layer")},
                meta::PlannedRemoval{"", digest("layer"), ContentKind::bytes, size_of("layer")}));
        EXPECT_TRUE(has_manifest("image"));
        EXPECT_TRUE(has_link("layer"));
        EXPECT_THAT(due("team/app", 20), ElementsAre(digest("image")));
    }
    request.limit = 1;
    auto const page = run(queue().report().plan(request)).value();
    EXPECT_TRUE(page.more);
    EXPECT_EQ(page.removals.size(), 1U);
}

TEST_P(MetaCollectionContract, EveryHoldingHasItsReason) {
    using meta::HeldBy;
    link(app, "layer");
    link(app, "alone");
    auto image = a_manifest(app, "image", {tag("v1")});
    image.blobs = {digest("layer")};
    ASSERT_TRUE(put(image).has_value());
    auto signature = a_manifest(app, "signature");
    signature.subject = digest("image");
    ASSERT_TRUE(put(signature).has_value());
    add("alone", 7);
    auto const reason = [&](std::string_view content) {
        auto const found = run(queue().report().holdings(digest(content), 10)).value();
        EXPECT_EQ(found.size(), 1U) << content;
        return found.at(0);
    };
    EXPECT_EQ(reason("image").held_by, HeldBy::tag);
    EXPECT_EQ(reason("image").holder, "v1");
    EXPECT_EQ(reason("layer").held_by, HeldBy::manifest);
    EXPECT_EQ(reason("layer").holder, digest("image").str());
    EXPECT_EQ(reason("signature").held_by, HeldBy::subject);
    EXPECT_EQ(reason("alone").held_by, HeldBy::nothing);
    EXPECT_EQ(reason("alone").queued->released_at, at(7));
    ASSERT_TRUE(run(catalog().delete_manifest(app, digest("image"), {}, bob, at(8))).has_value());
    EXPECT_EQ(reason("image").removed_at, at(8));
    EXPECT_EQ(reason("layer").held_by, HeldBy::removed_manifest);
    EXPECT_EQ(reason("signature").held_by, HeldBy::removed_subject);
    EXPECT_THAT(run(queue().report().holdings(digest("unknown"), 10)).value(), IsEmpty());
}

TEST_P(MetaCollectionContract, ThePlaceIsThatOfTheLastEnqueue) {
    EXPECT_EQ(run(queue().place()).value(), std::nullopt);
    meta::CollectionPlace const place{7, "metadata 0 5 ", at(3)};
    ASSERT_TRUE(run(queue().enqueue({}, place)).has_value());
    EXPECT_EQ(run(queue().place()).value(), place);
}

TEST_P(MetaCollectionContract, WhatIsCondemnedIsUnknownUntilItIsLifted) {
    link(app, "layer");
    ASSERT_TRUE(put(a_manifest(app, "image")).has_value());
    add("layer", 5);
    add("image", 5);
    EXPECT_THAT(review({digest("layer"), digest("image")}, 5).condemned,
                UnorderedElementsAre(digest("layer"), digest("image")));
    EXPECT_FALSE(has_link("layer"));
    EXPECT_FALSE(has_manifest("image"));
    EXPECT_THAT(repositories(), IsEmpty());
    EXPECT_THAT(run(queue().unheld({digest("layer"), digest("image")})).value(), IsEmpty());
    ASSERT_TRUE(run(queue().lift(app, {digest("layer"), digest("image")}, at(6))).has_value());
    EXPECT_TRUE(has_link("layer"));
    EXPECT_TRUE(has_manifest("image"));
    EXPECT_THAT(repositories(), ElementsAre("team/app"));
    EXPECT_EQ(purge({digest("layer"), digest("image")}, 6).links, 0U) << "it is fresh again";
    EXPECT_TRUE(has_link("layer"));
}

TEST_P(MetaCollectionContract, AManifestBringsBackWhatIsCondemnedAndNotWhatAClientDeleted) {
    link(app, "condemned");
    link(app, "deleted");
    add("condemned", 5);
    ASSERT_THAT(review({digest("condemned")}, 5).condemned, ElementsAre(digest("condemned")));
    auto image = a_manifest(app, "image", {tag("v1")});
    image.blobs = image.required_blobs = {digest("condemned")};
    ASSERT_TRUE(put(image).has_value());
    EXPECT_TRUE(has_link("condemned"));
    EXPECT_EQ(purge({digest("condemned")}, 6).links, 0U);
    EXPECT_TRUE(has_link("condemned"));
    ASSERT_TRUE(run(links().unlink_blob(app, digest("deleted"), {}, bob, at(5))).has_value());
    auto other = a_manifest(app, "other", {tag("v2")});
    other.blobs = other.required_blobs = {digest("deleted")};
    EXPECT_EQ(put(other).error().code, Errc::manifest_blob_unknown);
}

TEST_P(MetaCollectionContract, WhatIsNeededIsNoCandidateAnyMore) {
    link(app, "layer");
    auto image = a_manifest(app, "image", {tag("v1")});
    image.blobs = {digest("layer")};
    ASSERT_TRUE(put(image).has_value());
    add("layer", 5);
    add("image", 5);
    auto const reviewed = review({digest("layer"), digest("image")}, 9);
    EXPECT_THAT(reviewed.condemned, IsEmpty());
    EXPECT_EQ(reviewed.kept, 2U);
    EXPECT_THAT(due("team/app", 100), IsEmpty());
}

TEST_P(MetaCollectionContract, ACandidateThatIsNotDueAnyMoreStays) {
    link(app, "layer");
    add("layer", 5);
    add("layer", 50);
    auto const reviewed = review({digest("layer")}, 9);
    EXPECT_THAT(reviewed.condemned, IsEmpty());
    EXPECT_EQ(reviewed.kept, 0U);
    EXPECT_TRUE(has_link("layer"));
    EXPECT_THAT(due("team/app", 50), ElementsAre(digest("layer")));
}

TEST_P(MetaCollectionContract, WhatIsPinnedIsNeededUntilItIsNot) {
    using meta::HeldBy;
    auto& releases = queue().releases();
    meta::Pin const pin{app.str(), digest("index")};
    meta::Pin const later{"team/new", digest("later")};
    ASSERT_TRUE(run(releases.pin({{pin, later}, {}}, at(1))).has_value());
    EXPECT_THAT(run(releases.pins({}, 1)).value(), ElementsAre(pin));
    EXPECT_THAT(run(releases.pins(pin, 5)).value(), ElementsAre(later));
    ASSERT_TRUE(put(a_manifest(app, "platform")).has_value());
    auto index = a_manifest(app, "index");
    index.manifests = {digest("platform")};
    ASSERT_TRUE(put(index).has_value());
    for (auto const* const content : {"index", "platform"}) add(content, 5);
    EXPECT_EQ(review({digest("index"), digest("platform")}, 9).kept, 2U);
    auto const held = run(queue().report().holdings(digest("index"), 10)).value();
    ASSERT_EQ(held.size(), 1U);
    EXPECT_EQ(held[0].held_by, HeldBy::list);
    EXPECT_EQ(held[0].holder, "");
    EXPECT_EQ(run(releases.image(app, digest("index"), bob, at(9))).error().code, Errc::conflict);
    ASSERT_TRUE(run(releases.pin({{}, {pin, later}}, at(20))).has_value());
    EXPECT_THAT(run(releases.pins({}, 5)).value(), IsEmpty());
    EXPECT_THAT(due("team/app", 19), IsEmpty());
    EXPECT_THAT(due("team/app", 20), ElementsAre(digest("index")));
    EXPECT_THAT(review({digest("index")}, 20).condemned, ElementsAre(digest("index")));
}

TEST_P(MetaCollectionContract, APinMovesWithItsRepository) {
    ASSERT_TRUE(put(a_manifest(app, "image")).has_value());
    auto& releases = queue().releases();
    ASSERT_TRUE(run(releases.pin({{{app.str(), digest("image")}}, {}}, at(1))).has_value());
    auto const moved = repo("team/moved");
    ASSERT_TRUE(run(catalog().admin().rename({app, moved, false}, bob, at(2))).has_value());
    EXPECT_THAT(run(releases.pins({}, 5)).value(), ElementsAre(meta::Pin{"team/moved", digest("image")}));
    EXPECT_EQ(run(queue().review(moved, {digest("image")}, cutoffs(9))).value().kept, 1U);
}

TEST_P(MetaCollectionContract, TheWalkFindsWhatNothingNames) {
    for (auto const* const content : {"kept", "left", "alone"}) link(app, content);
    auto image = a_manifest(app, "image", {tag("v1")});
    image.blobs = {digest("kept")};
    ASSERT_TRUE(put(image).has_value());
    ASSERT_TRUE(put(a_manifest(repo("other"), "untagged")).has_value());
    std::string from;
    std::size_t found = 0;
    int pieces = 0;
    do {
        auto const piece = run(queue().find(from, 1, at(5))).value();
        found += piece.found;
        from = piece.next;
        ++pieces;
    } while (!from.empty());
    EXPECT_EQ(found, 3U);
    EXPECT_EQ(pieces, 9) << "one row each, and the end of each of four walks";
    EXPECT_THAT(due("team/app", 15), UnorderedElementsAre(digest("left"), digest("alone")));
    EXPECT_THAT(due("other", 15), ElementsAre(digest("untagged")));
}

OCILOT_META_KINDS(MetaCollectionContract);
