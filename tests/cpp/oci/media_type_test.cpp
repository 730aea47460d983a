#include "oci/media_type.h"

#include <gtest/gtest.h>
#include <utility>

using namespace ocilot::oci;

TEST(MediaType, IsBareWithoutParametersBlanksAndCapitals) {
    std::pair<std::string_view, std::string_view> const cases[] = {
        {"application/vnd.oci.image.manifest.v1+json", media_type::oci_manifest},
        {"application/vnd.oci.image.manifest.v1+json; charset=utf-8", media_type::oci_manifest},
        {" \tApplication/VND.oci.image.Manifest.v1+JSON \t;x", media_type::oci_manifest},
        {"text/plain;", "text/plain"},
        {"", ""},
        {"  ", ""},
        {";charset=utf-8", ""},
        {"text", ""},
        {"/plain", ""},
        {"text/", ""},
        {"text/plain/x", ""},
        {"text / plain", ""},
        {"text/pl ain", ""},
        {"text/\"plain\"", ""},
        {"text/pl\xc3\xa9", ""},
        {"*/*", ""},
        {".a/b", ""},
        {"a/b, c/d", ""},
        {"a/b\r\nX: y", ""},
    };
    for (auto const& [value, bare] : cases) EXPECT_EQ(bare_media_type(value), bare) << value;
    EXPECT_EQ(bare_media_type("a/" + std::string(127, 'b')), "a/" + std::string(127, 'b'));
    EXPECT_EQ(bare_media_type("a/" + std::string(128, 'b')), "");
}

TEST(MediaType, TellsManifestsFromIndexesAndBlobs) {
    for (auto const type : {media_type::oci_manifest, media_type::docker_manifest}) {
        EXPECT_TRUE(is_image_manifest(type) && is_manifest(type) && !is_index(type));
    }
    for (auto const type : {media_type::oci_index, media_type::docker_list}) {
        EXPECT_TRUE(is_index(type) && is_manifest(type) && !is_image_manifest(type));
    }
    for (auto const type : {media_type::docker_schema1, media_type::docker_schema1_signed,
                            media_type::octet_stream, media_type::json, std::string_view()}) {
        EXPECT_FALSE(is_manifest(type)) << type;
    }
}

TEST(MediaType, KnowsLayersThatRegistriesNeedNotHold) {
    for (auto const type : {"application/vnd.oci.image.layer.nondistributable.v1.tar",
                            "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
                            "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
                            "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"}) {
        EXPECT_TRUE(is_non_distributable(type)) << type;
    }
    for (auto const type : {"application/vnd.oci.image.layer.v1.tar+gzip",
                            "application/vnd.docker.image.rootfs.diff.tar.gzip", "", "foreign"}) {
        EXPECT_FALSE(is_non_distributable(type)) << type;
    }
}
