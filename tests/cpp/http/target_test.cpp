#include "http/core/target.h"

#include <gtest/gtest.h>

namespace ocilot::http {
namespace {

TEST(Target, IsDecodedOnce) {
    auto const target = Target::parse("/v2/a%2Db/manifests/sha256%3Aab?last=x%252By&n=3");
    ASSERT_TRUE(target.has_value());
    EXPECT_EQ(target->path, "/v2/a-b/manifests/sha256:ab");
    EXPECT_EQ(target->query.first("last"), "x%2By");
}

TEST(Target, RefusesEscapesThatNoNameCanHold) {
    for (auto const* text : {"/v2/e/manifests/ok%00", "/v2/%", "/v2/%4", "/v2/%zz", "/v2/%+1"}) {
        auto const target = Target::parse(text);
        ASSERT_TRUE(target.has_error()) << text;
        EXPECT_EQ(target.error().code, Errc::name_invalid) << text;
    }
}

TEST(Target, AnEscapedSlashIsOneThatCanBeRefused) {
    for (auto const* text : {"/v2/e%2ft/tags/list", "/v2/e%2Ft/tags/list"}) {
        auto const target = Target::parse(text);
        ASSERT_TRUE(target.has_value()) << text;
        EXPECT_EQ(target->path, "/v2/e/t/tags/list");
        EXPECT_EQ(target->refuse_escaped_slash().error().code, Errc::name_invalid) << text;
    }
    EXPECT_TRUE(Target::parse("/v2/e/t/tags/list?last=a%2Fb")->refuse_escaped_slash().has_value());
}

TEST(Target, NeverResolvesDots) {
    EXPECT_EQ(Target::parse("/v2/e/%2e%2e/../x")->path, "/v2/e/../../x");
}

TEST(Target, IsAPathOrAnAsterisk) {
    EXPECT_EQ(Target::parse("*")->path, "*");
    for (auto const* text : {"v2/", "", "?n=1", "http://host/v2/"}) {
        EXPECT_EQ(Target::parse(text).error().code, Errc::bad_request) << text;
    }
}

TEST(Target, CollapsesSlashesWhenAsked) {
    auto target = Target::parse("//v2///a//tags/list/");
    target->collapse_slashes();
    EXPECT_EQ(target->path, "/v2/a/tags/list/");
}

TEST(Query, KeepsPlusAsMediaTypesNeedIt) {
    auto const query =
        Query::parse("artifactType=application/vnd.x+json&artifactType=application%2Fvnd.x%2Bjson");
    auto const types = query->all("artifactType");
    ASSERT_EQ(types.size(), 2U);
    EXPECT_EQ(types[0], types[1]);
}

TEST(Query, KeepsOrderAndRepetition) {
    auto const query = Query::parse("tag=b&ns=docker.io&tag=a&&flag&=x");
    EXPECT_EQ(query->all("tag"), (std::vector<std::string_view>{"b", "a"}));
    EXPECT_EQ(query->first("flag"), "");
    EXPECT_EQ(query->first("missing"), std::nullopt);
}

TEST(Query, RefusesBadEscapes) {
    EXPECT_EQ(Query::parse("last=%zz").error().code, Errc::bad_request);
    EXPECT_EQ(Query::parse("last=a%00").error().code, Errc::bad_request);
}

TEST(Query, ValuesAreEncodedSoThatTheyComeBack) {
    std::string out = "last=";
    append_query_value(out, "a/b:c+d e&f%\x80");
    EXPECT_EQ(out, "last=a/b:c%2Bd%20e%26f%25%80");
    EXPECT_EQ(Query::parse(out)->first("last"), "a/b:c+d e&f%\x80");
}

}  // namespace
}  // namespace ocilot::http
