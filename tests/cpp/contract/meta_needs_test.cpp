#include "contract/meta_store_fixture.h"

#include <gmock/gmock.h>

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
    EXPECT_EQ(run(links().unlink_blob(app, digest("layer"), seen, bob, at(2))).error().code, Errc::conflict);
    EXPECT_EQ(run(catalog().delete_manifest(app, digest("image"), seen, bob, at(2))).error().code,
              Errc::conflict);
    EXPECT_EQ(run(catalog().tags_on(app, digest("layer"), {{}, 9})).value().items.size(), 2U);
    std::vector<std::string> const both{"new", "seen"};
    EXPECT_TRUE(run(links().unlink_blob(app, digest("layer"), both, bob, at(2))).has_value());
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
