#include "http/core/conditions.h"

#include "a_request.h"
#include "oci/hasher.h"

#include <gtest/gtest.h>

namespace ocilot::http {
namespace {

using test::with_headers;

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
