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

TEST(Conditions, OfWritesAreReadInTheSameSpellings) {
    auto const digest = oci::digest_of(oci::Algorithm::sha256, "x").str();
    EXPECT_FALSE(write_condition(with_headers({{"If-Range", "x"}})));
    for (auto const& header : {digest, '"' + digest + '"', "W/\"" + digest + '"', "\"other\" , " + digest}) {
        auto const required = write_condition(with_headers({{"if-match", header}}));
        ASSERT_TRUE(required) << header;
        EXPECT_TRUE(required->holds(digest)) << header;
        EXPECT_FALSE(required->holds("sha256:other")) << header;
        EXPECT_FALSE(required->holds("")) << header;
        auto const refused = write_condition(with_headers({{"If-None-Match", header}}));
        EXPECT_FALSE(refused->holds(digest)) << header;
        EXPECT_TRUE(refused->holds("sha256:another")) << header;
        EXPECT_TRUE(refused->holds("")) << header;
    }
    auto const absent = write_condition(with_headers({{"If-None-Match", "*"}}));
    EXPECT_TRUE(absent->holds(""));
    EXPECT_FALSE(absent->holds(digest));
    EXPECT_FALSE(write_condition(with_headers({{"If-Match", "*"}}))->holds(""));
    EXPECT_FALSE(write_condition(with_headers({{"If-Match", " "}}))->holds(digest))
        << "a condition that names nothing is met by nothing";
    auto const both = write_condition(with_headers({{"If-Match", "*"}, {"If-None-Match", digest}}));
    EXPECT_FALSE(both->holds(digest));
    EXPECT_TRUE(both->holds("sha256:other"));
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
