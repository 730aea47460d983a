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
