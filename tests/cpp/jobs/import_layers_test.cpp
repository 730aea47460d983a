#include "jobs/import_fixture.h"

#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::IsEmpty;

namespace {

/// Directories as registry 2.1.0 wrote them: the links of manifests are among those of the layers.
class ImportLayersTest : public ImportTest {
  protected:
    oci::Digest manifest_among_layers(std::string_view layer_bytes) {
        auto const config = bytes("{}");
        auto const only = bytes(layer_bytes);
        layer(config);
        layer(only);
        auto const manifest = bytes(image(config, {only}));
        layer(manifest);
        return manifest;
    }
    bool holds(oci::Digest const& digest) { return run(meta->catalog().manifest(name, digest)).has_value(); }
};

}  // namespace

TEST_F(ImportLayersTest, TakesAManifestThatATagPointsTo) {
    auto const manifest = manifest_among_layers("layer");
    tagged("v1", manifest);
    auto const counts = import().value();
    EXPECT_THAT(notes.told, IsEmpty());
    EXPECT_EQ(counts.manifests, 1U);
    EXPECT_EQ(counts.tags, 1U);
    EXPECT_EQ(at("v1").value().digest, manifest);
}

TEST_F(ImportLayersTest, TakesWhatATagHasPointedToAndWhatAnIndexLists) {
    auto const earlier = manifest_among_layers("earlier");
    auto const child = manifest_among_layers("child");
    auto const unrelated = manifest_among_layers("unrelated");
    auto const index =
        bytes(R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[)"
              R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" +
              child.str() + R"(","size":3}]})");
    layer(index);
    tagged("v1", index);
    link("_manifests/tags/v1/index" / path_of(earlier), earlier.str());
    EXPECT_EQ(import().value().manifests, 3U);
    EXPECT_THAT(notes.told, IsEmpty());
    for (auto const& digest : {earlier, child, index}) EXPECT_TRUE(holds(digest));
    EXPECT_FALSE(holds(unrelated)) << "a blob that nothing calls a manifest stays a blob";
}

TEST_F(ImportLayersTest, TakesTheChildOfAnIndexAmongTheRevisions) {
    auto const child = manifest_among_layers("child");
    auto const index =
        bytes(R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[)"
              R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" +
              child.str() + R"(","size":3}]})");
    revision(index);
    EXPECT_EQ(import().value().manifests, 2U);
    EXPECT_TRUE(holds(child));
}

TEST_F(ImportLayersTest, MayBeRunAgain) {
    tagged("v1", manifest_among_layers("layer"));
    ASSERT_TRUE(import().has_value());
    auto const again = import().value();
    EXPECT_THAT(notes.told, IsEmpty());
    EXPECT_EQ(again.manifests, 1U);
    EXPECT_EQ(again.tags, 1U);
}
