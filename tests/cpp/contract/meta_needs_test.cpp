#include "contract/meta_store_fixture.h"

#include <gmock/gmock.h>
#include <thread>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_P(MetaStoreContract, TheTagsThatNeedAManifestOrABlobAreTold) {
    auto const tags_on = [&](std::string_view content, meta::Page page = {{}, 10}) {
        return run(catalog().tags_on(app, digest(content), std::move(page))).value().items;
    };
    auto image = a_manifest(app, "image", {tag("amd64")});
    image.blobs = {digest("layer")};
    auto index = a_manifest(app, "index", {tag("v1"), tag("v2")});
    index.manifests = {digest("image")};
    auto other = a_manifest(repo("other"), "other", {tag("theirs")});
    other.blobs = {digest("layer")};
    auto signature = a_manifest(app, "signature", {tag("signature")});
    signature.subject = digest("index");
    for (auto const& manifest : {image, index, other, signature}) ASSERT_TRUE(put(manifest).has_value());
    EXPECT_THAT(tags_on("index"), ElementsAre("v1", "v2"));
    EXPECT_THAT(tags_on("image"), ElementsAre("amd64", "v1", "v2"));
    EXPECT_THAT(tags_on("layer"), ElementsAre("amd64", "v1", "v2"));
    EXPECT_THAT(tags_on("layer", {"amd64", 1}), ElementsAre("v1"));
    EXPECT_THAT(tags_on("nothing"), IsEmpty());
}

TEST_P(MetaStoreContract, WhatANewTagNeedsIsNotRemovedByWhoSawOthers) {
    link(app, "layer");
    auto image = a_manifest(app, "image", {tag("seen")});
    image.blobs = {digest("layer")};
    auto index = a_manifest(app, "index", {tag("new")});
    index.manifests = {digest("image")};
    for (auto const& manifest : {image, index}) ASSERT_TRUE(put(manifest).has_value());
    std::vector<std::string> const seen{"seen"};
    EXPECT_EQ(run(links().unlink_blob(app, digest("layer"), {seen}, bob, at(2))).error().code,
              Errc::conflict);
    EXPECT_EQ(run(catalog().delete_manifest(app, digest("image"), seen, bob, at(2))).error().code,
              Errc::conflict);
    EXPECT_EQ(run(catalog().tags_on(app, digest("layer"), {{}, 9})).value().items.size(), 2U);
    std::vector<std::string> const both{"new", "seen"};
    EXPECT_TRUE(run(links().unlink_blob(app, digest("layer"), {both}, bob, at(2))).has_value());
    EXPECT_TRUE(run(catalog().delete_manifest(app, digest("image"), both, bob, at(2))).has_value());
    EXPECT_THAT(tags("team/app"), ElementsAre("new"));
}

TEST_P(MetaStoreContract, ManyTagsThatNeedABlobComeInPages) {
    constexpr int count = 2000;
    for (int i = 0; i < count; ++i) {
        auto const name = "t" + std::to_string(10'000 + i);
        auto image = a_manifest(app, name, {tag(name)});
        image.blobs = {digest("base")};
        ASSERT_TRUE(put(image).has_value());
    }
    std::vector<std::string> found;
    meta::Page page{{}, 500};
    for (bool more = true; more;) {
        auto const slice = run(catalog().tags_on(app, digest("base"), page)).value();
        found.insert(found.end(), slice.items.begin(), slice.items.end());
        more = slice.more;
        page.after = found.back();
    }
    EXPECT_EQ(found.size(), std::size_t{count});
    EXPECT_TRUE(std::ranges::is_sorted(found));
}

TEST_P(MetaStoreContract, AReferencedBlobIsNotRemovedWhereThatIsTheCondition) {
    meta::UnlinkConditions const unreferenced{.unreferenced = true};
    auto const remove = [&](oci::RepositoryName const& repository) {
        return run(links().unlink_blob(repository, digest("layer"), unreferenced, bob, at(2)));
    };
    link(app, "layer");
    link(repo("other"), "layer");
    for (int i = 0; i < 7; ++i) {
        auto image = a_manifest(app, "image" + std::to_string(i));
        image.blobs = {digest("layer")};
        ASSERT_TRUE(put(image).has_value());
    }
    auto const refused = remove(app);
    ASSERT_TRUE(refused.has_error());
    EXPECT_EQ(refused.error().code, Errc::unsupported);
    EXPECT_THAT(refused.error().subjects,
                ElementsAre(digest("image0").str(), digest("image1").str(), digest("image2").str(),
                            digest("image3").str(), digest("image4").str()));
    EXPECT_TRUE(run(links().blob(app, digest("layer"))).has_value());
    EXPECT_TRUE(remove(repo("other")).has_value()) << "manifests of other repositories do not count";
    for (int i = 0; i < 7; ++i) {
        auto const image = digest("image" + std::to_string(i));
        ASSERT_TRUE(run(catalog().delete_manifest(app, image, {}, bob, at(3))).has_value());
    }
    EXPECT_TRUE(remove(app).has_value());
    EXPECT_EQ(remove(app).error().code, Errc::blob_unknown);
}

TEST_P(MetaStoreContract, OfAPushAndTheRemovalOfItsBlobAtTheSameMomentOneIsRefused) {
    meta::UnlinkConditions const unreferenced{.unreferenced = true};
    for (int i = 0; i < 50; ++i) {
        auto const name = "race" + std::to_string(i);
        link(app, name);
        auto image = a_manifest(app, name + " image");
        image.blobs = image.required_blobs = {digest(name)};
        Result<> removed;
        std::thread other(
            [&] { removed = run(links().unlink_blob(app, digest(name), unreferenced, bob, at(2))); });
        bool const pushed = put(image).has_value();
        other.join();
        EXPECT_NE(pushed, removed.has_value());
        EXPECT_EQ(run(links().blob(app, digest(name))).has_value(), pushed) << "a pushed image has its blob";
    }
}
