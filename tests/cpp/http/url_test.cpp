#include "http/core/url.h"

#include "a_request.h"

#include <gtest/gtest.h>

namespace ocilot::http {
namespace {

using test::Headers;
using test::with_headers;

std::string upload_url(UrlSettings const& settings, Request const& request) {
    auto const name = oci::RepositoryName::parse("a/b");
    auto const id = Uuid::parse("11111111-1111-4111-8111-111111111111");
    return Urls(settings, request).upload(*name, id->str());
}

std::string origin_for(Headers headers, bool tls = false) {
    auto request = with_headers(std::move(headers));
    request.tls = tls;
    request.forwarded = true;
    auto const url = upload_url({}, request);
    return url.substr(0, url.find("/v2/"));
}

TEST(Location, FollowsTheHostHeader) {
    EXPECT_EQ(origin_for({{"host", "registry.example:5000"}}), "http://registry.example:5000");
    EXPECT_EQ(origin_for({{"Host", "[::1]:5000"}}, true), "https://[::1]:5000");
}

TEST(Location, FollowsTheProxysHeaders) {
    EXPECT_EQ(origin_for({{"Host", "in"}, {"X-Forwarded-Proto", "https"}}), "https://in");
    EXPECT_EQ(
        origin_for({{"Host", "in"}, {"X-Forwarded-Proto", "https, http"}, {"X-Forwarded-Host", "out, in"}}),
        "https://out");
    EXPECT_EQ(
        origin_for({{"Host", "in"},
                    {"Forwarded", "for=192.0.2.1;Proto=https;host=\"out:8443\", for=10.0.0.1;proto=http"},
                    {"X-Forwarded-Host", "ignored"}}),
        "https://out:8443");
}

TEST(Location, TakesEachThingFromTheHeaderThatHasIt) {
    Headers const without = {{"Host", "in"},
                             {"Forwarded", "for=192.0.2.1"},
                             {"X-Forwarded-Proto", "https"},
                             {"X-Forwarded-Host", "out"}};
    EXPECT_EQ(origin_for(without), "https://out");
    EXPECT_EQ(origin_for({{"Host", "in"}, {"Forwarded", "for=a;proto=https"}, {"X-Forwarded-Host", "out"}}),
              "https://out");
    EXPECT_EQ(
        origin_for({{"Host", "in"}, {"Forwarded", "for=a"}, {"Forwarded", "for=b;host=out;proto=https"}}),
        "https://out");
    EXPECT_EQ(origin_for({{"Host", "in"}, {"Forwarded", "host=out"}, {"X-Forwarded-Host", "other"}}),
              "http://out");
}

TEST(Location, HasTheForwardedPort) {
    EXPECT_EQ(origin_for({{"Host", "in"}, {"X-Forwarded-Port", "8443"}}), "http://in:8443");
    EXPECT_EQ(origin_for({{"Host", "in:5000"}, {"X-Forwarded-Port", "443"}, {"X-Forwarded-Proto", "https"}}),
              "https://in");
    EXPECT_EQ(origin_for({{"Host", "[::1]:5000"}, {"X-Forwarded-Port", "80, 5000"}}), "http://[::1]");
    EXPECT_EQ(origin_for({{"Host", "in:5000"}, {"X-Forwarded-Host", "out"}, {"X-Forwarded-Port", "8080"}}),
              "http://out:8080");
    EXPECT_EQ(origin_for({{"Host", "in"}, {"X-Forwarded-Host", "out:1"}, {"X-Forwarded-Port", "2"}}),
              "http://out:1");
    EXPECT_EQ(origin_for({{"Host", "in:5000"}, {"X-Forwarded-Host", "out"}}), "http://out");
    for (auto const* port : {"", "0", "65536", "80a", "-1", " "}) {
        EXPECT_EQ(origin_for({{"Host", "in:5000"}, {"X-Forwarded-Port", port}}), "http://in:5000") << port;
    }
}

TEST(Location, BelievesTrustedProxiesOnly) {
    auto const request = with_headers({{"Host", "in"},
                                       {"Forwarded", "proto=https;host=out"},
                                       {"X-Forwarded-Proto", "https"},
                                       {"X-Forwarded-Host", "out"},
                                       {"X-Forwarded-Port", "1"}});
    EXPECT_TRUE(upload_url({}, request).starts_with("http://in/v2/"));
}

TEST(Location, IsNotMisledByNonsense) {
    EXPECT_EQ(
        origin_for({{"Host", "in"}, {"X-Forwarded-Proto", "javascript"}, {"X-Forwarded-Host", "a/b?c"}}),
        "http://in");
    EXPECT_EQ(origin_for({{"Host", "in"}, {"Forwarded", ";;=;proto;host=\""}}), "http://in");
}

TEST(Location, IsAPathWithoutAHost) {
    EXPECT_EQ(origin_for({}), "");
}

TEST(Location, FollowsTheConfiguration) {
    auto request = with_headers({{"Host", "in"}, {"X-Forwarded-Proto", "https"}});
    request.forwarded = true;
    auto const path = std::string("/v2/a/b/blobs/uploads/11111111-1111-4111-8111-111111111111");
    EXPECT_EQ(upload_url({.host = "https://r.example/", .prefix = "", .relative = false}, request),
              "https://r.example" + path);
    EXPECT_EQ(upload_url({.host = "", .prefix = "/registry/", .relative = false}, request),
              "https://in/registry" + path);
    EXPECT_EQ(upload_url({.host = "https://r.example", .prefix = "registry", .relative = true}, request),
              "/registry" + path);
    EXPECT_EQ(upload_url({.host = "https://r.example/base/", .prefix = "", .relative = false}, request),
              "https://r.example/base" + path);
    UrlSettings const below{.host = "https://r.example:8443/a/b", .prefix = "/registry/", .relative = true};
    EXPECT_EQ(upload_url(below, request), "/a/b/registry" + path);
    EXPECT_EQ(Urls(below, request).absolute("/token"), "https://r.example:8443/a/b/registry/token");
    EXPECT_EQ(Urls(below, request).local("/v2/_catalog"), "/a/b/registry/v2/_catalog");
    request.local = true;
    EXPECT_EQ(Urls(below, request).local("/v2/_catalog"), "/v2/_catalog");
}

TEST(Prefix, IsTakenOffWholeSegments) {
    EXPECT_EQ(below_prefix("/v2/", ""), "/v2/");
    EXPECT_EQ(below_prefix("/v2/", "/"), "/v2/");
    EXPECT_EQ(below_prefix("/registry/v2/", "/registry/"), "/v2/");
    EXPECT_EQ(below_prefix("/a/b/v2/", "a/b"), "/v2/");
    EXPECT_EQ(below_prefix("/registry", "/registry/"), "/");
    EXPECT_EQ(below_prefix("/registryv2/", "/registry/"), std::nullopt);
    EXPECT_EQ(below_prefix("/v2/", "/registry/"), std::nullopt);
}

}  // namespace
}  // namespace ocilot::http
