// A manifest between its review and its purge: it holds what it names, whatever happens to its repository.
#include "contract/meta_collection_fixture.h"

#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

namespace {

class MetaCollectionCondemnedContract : public MetaCollectionContract {
  protected:
    void SetUp() override {
        MetaCollectionContract::SetUp();
        link(app, "layer");
        link(app, "other");
        ASSERT_TRUE(put(naming("image", "layer")).has_value());
        condemn("image");
    }
    meta::NewManifest naming(std::string_view content, std::string_view blob) const {
        auto manifest = a_manifest(app, content);
        manifest.blobs = {digest(blob)};
        return manifest;
    }
    void condemn(std::string_view content) {
        add(content, 5);
        ASSERT_THAT(review({digest(content)}, 9).condemned, ElementsAre(digest(content)));
        ASSERT_FALSE(has_manifest(content));
    }
    /// Whether a review of the blob finds that nothing needs it.
    bool is_free(std::string_view blob, oci::RepositoryName const& repository) {
        meta::Candidate const candidate{repository.str(), digest(blob), at(5)};
        EXPECT_TRUE(run(queue().enqueue({candidate}, {})).has_value());
        return !run(queue().review(repository, {digest(blob)}, cutoffs(9))).value().condemned.empty();
    }
    bool is_free(std::string_view blob) { return is_free(blob, app); }
};

}  // namespace

OCILOT_META_KINDS(MetaCollectionCondemnedContract);

TEST_P(MetaCollectionCondemnedContract, ItsLayersAreItsOwnAndNotThoseOfTheNextManifest) {
    ASSERT_TRUE(put(naming("next", "other")).has_value());
    EXPECT_THAT(purge({digest("image")}, 9).bytes, SizeIs(1));
    EXPECT_THAT(due("team/app", 5), UnorderedElementsAre(digest("layer"), digest("image")));
    EXPECT_TRUE(is_free("layer"));
    EXPECT_FALSE(is_free("other"));
}

TEST_P(MetaCollectionCondemnedContract, OneWithoutLayersTakesNoneOfTheNextManifestAlong) {
    ASSERT_TRUE(put(a_manifest(app, "empty")).has_value());
    condemn("empty");
    ASSERT_TRUE(put(naming("next", "other")).has_value());
    EXPECT_EQ(purge({digest("empty")}, 9).manifests, 1U);
    EXPECT_FALSE(is_free("other"));
}

TEST_P(MetaCollectionCondemnedContract, PushedAgainItHoldsItsLayersByItself) {
    ASSERT_TRUE(put(naming("image", "layer")).has_value());
    EXPECT_EQ(purge({digest("image")}, 9).manifests, 1U);
    EXPECT_TRUE(has_manifest("image"));
    EXPECT_FALSE(is_free("layer"));
}

TEST_P(MetaCollectionCondemnedContract, PushedAgainAndDeletedItIsOneThatAClientDeleted) {
    ASSERT_TRUE(put(naming("image", "layer")).has_value());
    ASSERT_TRUE(run(catalog().delete_manifest(app, digest("image"), {}, bob, at(9))).has_value());
    ASSERT_TRUE(run(queue().lift(app, {digest("image")}, at(9))).has_value());
    EXPECT_FALSE(has_manifest("image"));
    EXPECT_FALSE(is_free("layer"));
    ASSERT_TRUE(run(queue().restore({app, {}, digest("image"), {}}, bob, at(9))).has_value());
    EXPECT_TRUE(has_manifest("image"));
}

TEST_P(MetaCollectionCondemnedContract, AnAdministratorPurgesItAtOnce) {
    ASSERT_TRUE(run(queue().releases().image(app, digest("image"), bob, at(9))).has_value());
    EXPECT_TRUE(is_free("layer"));
    EXPECT_FALSE(run(queue().restore({app, {}, digest("image"), {}}, bob, at(9))).has_value());
}

TEST_P(MetaCollectionCondemnedContract, WhatIsPushedMeanwhileHasItsOwnTime) {
    auto index = a_manifest(app, "index");
    index.manifests = {digest("platform")};
    ASSERT_TRUE(put(index).has_value());
    condemn("index");
    ASSERT_TRUE(put(a_manifest(app, "platform", {}, at(8))).has_value());
    add("platform", 8, true);
    EXPECT_EQ(purge({digest("index")}, 9).manifests, 1U);
    EXPECT_THAT(review({digest("platform")}, 9).condemned, IsEmpty());
    EXPECT_THAT(due("team/app", 17), Not(Contains(digest("platform"))));
    EXPECT_THAT(due("team/app", 18), Contains(digest("platform"))) << "ten seconds after its push";
}

TEST_P(MetaCollectionCondemnedContract, WhatWasPushedAfterItsIndexWasReleasedHasItsOwnTime) {
    auto index = a_manifest(app, "index");
    index.manifests = {digest("platform")};
    ASSERT_TRUE(put(index).has_value());
    ASSERT_TRUE(put(a_manifest(app, "platform", {}, at(8))).has_value());
    condemn("index");
    EXPECT_EQ(purge({digest("index")}, 9).manifests, 1U);
    EXPECT_THAT(review({digest("platform")}, 9).condemned, IsEmpty()) << "it was pushed after the release";
    EXPECT_THAT(review({digest("platform")}, 18).condemned, ElementsAre(digest("platform")));
}

TEST_P(MetaCollectionCondemnedContract, LiftedItHoldsItsLayersAgain) {
    ASSERT_TRUE(put(naming("next", "other")).has_value());
    ASSERT_TRUE(run(queue().lift(app, {digest("image")}, at(9))).has_value());
    EXPECT_TRUE(has_manifest("image"));
    EXPECT_FALSE(is_free("layer"));
    ASSERT_TRUE(run(catalog().delete_manifest(app, digest("image"), {}, bob, at(9))).has_value());
    EXPECT_FALSE(is_free("layer")) << "it can be restored";
    ASSERT_TRUE(run(queue().releases().image(app, digest("image"), bob, at(9))).has_value());
    EXPECT_TRUE(is_free("layer"));
    EXPECT_FALSE(is_free("other"));
}

TEST_P(MetaCollectionCondemnedContract, RestoredItHoldsItsLayersAgain) {
    ASSERT_TRUE(run(queue().restore({app, {}, digest("image"), {}}, bob, at(9))).has_value());
    EXPECT_TRUE(has_manifest("image"));
    EXPECT_FALSE(is_free("layer"));
}

TEST_P(MetaCollectionCondemnedContract, ItIsTheReasonWhyItsLayersStay) {
    EXPECT_FALSE(is_free("layer"));
    auto const reasons = run(queue().report().holdings(digest("layer"), 10)).value();
    ASSERT_THAT(reasons, SizeIs(1));
    EXPECT_EQ(reasons[0].held_by, meta::HeldBy::removed_manifest);
    EXPECT_EQ(reasons[0].holder, digest("image").str());
}

TEST_P(MetaCollectionCondemnedContract, ItDoesNotCountWhereAnImageSharesALayer) {
    auto another = naming("another", "layer");
    another.tags = {tag("v1")};
    ASSERT_TRUE(put(another).has_value());
    auto const image = run(queue().report().image(app, tag("v1"), 10)).value();
    ASSERT_THAT(image.parts, SizeIs(2));
    EXPECT_EQ(image.parts[1].digest, digest("layer"));
    EXPECT_EQ(image.parts[1].manifests, 1U);
}

TEST_P(MetaCollectionCondemnedContract, AManifestThatItNamesGoesAfterIt) {
    ASSERT_TRUE(put(a_manifest(app, "platform")).has_value());
    auto index = a_manifest(app, "index");
    index.manifests = {digest("platform")};
    ASSERT_TRUE(put(index).has_value());
    condemn("index");
    add("platform", 5);
    EXPECT_THAT(review({digest("platform")}, 9).condemned, IsEmpty());
    auto const purged = [&] { return run(queue().releases().image(app, digest("platform"), bob, at(9))); };
    EXPECT_EQ(purged().error().code, Errc::conflict);
    ASSERT_TRUE(run(catalog().delete_manifest(app, digest("platform"), {}, bob, at(9))).has_value());
    EXPECT_EQ(purged().error().code, Errc::conflict);
    ASSERT_TRUE(run(queue().restore({app, {}, digest("platform"), {}}, bob, at(9))).has_value());
    add("platform", 5);
    EXPECT_EQ(purge({digest("index")}, 9).manifests, 1U);
    EXPECT_THAT(review({digest("platform")}, 9).condemned, ElementsAre(digest("platform")));
}

TEST_P(MetaCollectionCondemnedContract, DeletedWithItsRepositoryItCanBeRestored) {
    ASSERT_TRUE(run(admin().remove(app, bob, at(9))).has_value());
    EXPECT_TRUE(repositories().empty());
    ASSERT_TRUE(run(queue().lift(app, {digest("image")}, at(9))).has_value());
    EXPECT_FALSE(has_manifest("image")) << "nothing lifts what a client deleted";
    ASSERT_TRUE(run(queue().restore({app, {}, digest("image"), {}}, bob, at(10))).has_value());
    EXPECT_TRUE(has_manifest("image"));
    EXPECT_TRUE(has_link("layer"));
    EXPECT_FALSE(has_link("other"));
    EXPECT_FALSE(is_free("layer"));
}

TEST_P(MetaCollectionCondemnedContract, ItGoesAlongWhereItsRepositoryIsRenamed) {
    auto const name = repo("new");
    ASSERT_TRUE(run(admin().rename({app, name, false}, bob, at(9))).has_value());
    EXPECT_FALSE(is_free("layer", name));
    ASSERT_TRUE(run(queue().lift(name, {digest("image")}, at(9))).has_value());
    EXPECT_TRUE(run(catalog().manifest(name, digest("image"))).has_value());
    EXPECT_FALSE(is_free("layer", name));
}

TEST_P(MetaCollectionCondemnedContract, ARepositoryWithNothingElseIsLeftUntilThePurge) {
    for (auto const* const blob : {"layer", "other"}) {
        ASSERT_TRUE(run(links().unlink_blob(app, digest(blob), {}, bob, at(4))).has_value());
    }
    add("other", 5);
    EXPECT_EQ(purge({digest("other")}, 9).links, 1U);
    EXPECT_TRUE(repositories().empty());
    link(app, "layer");
    EXPECT_FALSE(is_free("layer")) << "it is the repository that it was";
    ASSERT_TRUE(run(links().unlink_blob(app, digest("layer"), {}, bob, at(4))).has_value());
    EXPECT_EQ(purge({digest("image")}, 9).manifests, 1U);
    EXPECT_EQ(tags_error("team/app"), Errc::name_unknown);
}
