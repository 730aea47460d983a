#include "http/core/accept.h"

#include "a_request.h"
#include "http/core/conditions.h"
#include "oci/hasher.h"
#include "oci/media_type.h"

#include <gtest/gtest.h>

namespace ocilot::http {
namespace {

using oci::media_type::docker_manifest;
using oci::media_type::oci_index;
using oci::media_type::oci_manifest;
using test::with_headers;

bool takes_oci(std::string_view accept) {
    return accepts(with_headers({{"accept", accept}}), oci_manifest);
}

TEST(Accept, AbsentTakesEverything) {
    EXPECT_TRUE(accepts(with_headers({}), oci_manifest));
}

TEST(Accept, ListedTypesAreTaken) {
    EXPECT_TRUE(takes_oci("application/vnd.oci.image.manifest.v1+json"));
    EXPECT_TRUE(
        takes_oci("application/vnd.docker.distribution.manifest.v2+json, "
                  "application/vnd.oci.image.manifest.v1+json;q=0.1"));
    auto const lines =
        with_headers({{"Accept", docker_manifest}, {"Accept", oci_index}, {"Accept", oci_manifest}});
    EXPECT_TRUE(accepts(lines, oci_manifest));
}

TEST(Accept, WildcardsAreTaken) {
    EXPECT_TRUE(takes_oci("*/*"));
    EXPECT_TRUE(takes_oci("application/vnd.oci.image.index.v1+json, application/*;q=0.2"));
    EXPECT_TRUE(takes_oci("application/json, application/vnd.docker.distribution.manifest.v2+json"));
    EXPECT_TRUE(takes_oci("text/html"));
}

TEST(Accept, OnlyOtherManifestTypesAreARefusal) {
    EXPECT_FALSE(takes_oci("application/vnd.docker.distribution.manifest.v2+json"));
    EXPECT_FALSE(takes_oci("application/vnd.docker.distribution.manifest.v1+prettyjws"));
    EXPECT_FALSE(takes_oci("*/*;q=0, application/vnd.oci.image.index.v1+json"));
    EXPECT_FALSE(takes_oci("application/vnd.oci.image.manifest.v1+json; q=0.0, */*"));
}

TEST(Conditions, KnowTheDigestInEverySpelling) {
    auto const digest = oci::digest_of(oci::Algorithm::sha256, "x");
    auto const known = [&](std::string const& header) {
        return is_known(with_headers({{"If-None-Match", header}}), digest);
    };
    EXPECT_TRUE(known('"' + digest.str() + '"'));
    EXPECT_TRUE(known(digest.str()));
    EXPECT_TRUE(known("W/\"" + digest.str() + '"'));
    EXPECT_TRUE(known("\"other\", \"" + digest.str() + '"'));
    EXPECT_TRUE(known("*"));
    EXPECT_FALSE(known("\"other\""));
    EXPECT_FALSE(is_known(with_headers({}), digest));
}

TEST(Conditions, IfRangeNeedsTheVeryTag) {
    auto const digest = oci::digest_of(oci::Algorithm::sha256, "x");
    auto const applies = [&](std::string const& header) {
        return range_applies(with_headers({{"If-Range", header}}), digest);
    };
    EXPECT_TRUE(range_applies(with_headers({}), digest));
    EXPECT_TRUE(applies(etag(digest)));
    EXPECT_FALSE(applies("W/" + etag(digest)));
    EXPECT_FALSE(applies("Sat, 29 Oct 1994 19:43:31 GMT"));
}

}  // namespace
}  // namespace ocilot::http
