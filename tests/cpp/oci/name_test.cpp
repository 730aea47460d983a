#include "oci/name.h"

#include "oci/reference.h"
#include "oci/tag.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace ocilot;
using namespace ocilot::oci;
using testing::HasSubstr;

namespace {

std::string const sha256 = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

}  // namespace

TEST(RepositoryName, AcceptsTheGrammar) {
    for (std::string const text :
         {"a", "0", "alpine", "library/alpine", "a/b/c/d/e/f", "a.b", "a_b", "a__b", "a-b", "a--b", "a-----b",
          "a.b_c__d-e--f", "0.0", "tags/list", "blobs/uploads", "a/blobs/uploads/manifests", "1a/2b"}) {
        auto const name = RepositoryName::parse(text);
        ASSERT_TRUE(name.has_value()) << text;
        EXPECT_EQ(name->str(), text);
    }
    EXPECT_TRUE(RepositoryName::parse(std::string(255, 'a')).has_value());
    EXPECT_TRUE(RepositoryName::parse("a" + std::string(253, '-') + "b").has_value());
}

TEST(RepositoryName, SaysWhyATextIsNone) {
    struct Case {
        std::string text;
        std::string reason;
    };
    Case const cases[] = {
        {"", "component is empty"},
        {"/", "component is empty"},
        {"/a", "component is empty"},
        {"a/", "component is empty"},
        {"a//b", "component is empty"},
        {".", "starts with a separator"},
        {"..", "starts with a separator"},
        {"a/../b", "starts with a separator"},
        {"_catalog", "starts with a separator"},
        {"-a", "starts with a separator"},
        {"a/-b", "starts with a separator"},
        {"a-", "ends with a separator"},
        {"a-/b", "ends with a separator"},
        {"a__", "ends with a separator"},
        {"a___b", "a separator is none of"},
        {"a..b", "a separator is none of"},
        {"a.-b", "a separator is none of"},
        {"a-_b", "a separator is none of"},
        {"a_-b", "a separator is none of"},
        {"a-.", "a separator is none of"},
        {"E/T", "upper-case"},
        {"aB", "upper-case"},
        {"a b", "character other than"},
        {"a+b", "character other than"},
        {"a:b", "character other than"},
        {"a%2fb", "character other than"},
        {"a\\b", "character other than"},
        {"a\n", "character other than"},
        {"a\x80", "character other than"},
        {std::string("a\0b", 3), "character other than"},
        {std::string(256, 'a'), "exceed the limit of 255"},
    };
    for (auto const& [text, reason] : cases) {
        auto const name = RepositoryName::parse(text);
        ASSERT_TRUE(name.has_error()) << text;
        EXPECT_EQ(name.error().code, Errc::name_invalid);
        EXPECT_THAT(name.error().message, HasSubstr(reason)) << text;
    }
}

TEST(RepositoryName, RefusesALongTextUnreadAndWithoutRepeatingIt) {
    auto const name = RepositoryName::parse("a" + std::string(100'000, '-') + "!");
    EXPECT_EQ(name.error().code, Errc::name_invalid);
    EXPECT_LT(name.error().message.size(), 200U);
}

TEST(RepositoryName, NeverRepeatsUnprintableBytes) {
    auto const name = RepositoryName::parse("a\x1b[31m\xff\r\nx");
    EXPECT_THAT(name.error().message, HasSubstr("\"a?[31m???x\""));
}

TEST(Tag, AcceptsTheGrammar) {
    for (std::string const& text :
         {std::string("latest"), std::string("v1.2.3"), std::string("_"), std::string("__a"),
          std::string("A-B_c."), std::string("0"), std::string("1--.."), std::string(128, 'x')}) {
        auto const tag = Tag::parse(text);
        ASSERT_TRUE(tag.has_value()) << text;
        EXPECT_EQ(tag->str(), text);
    }
}

TEST(Tag, SaysWhyATextIsNone) {
    struct Case {
        std::string text;
        std::string reason;
    };
    Case const cases[] = {
        {"", "empty"},
        {std::string(129, 'x'), "exceed the limit of 128"},
        {".x", "at the start"},
        {"-x", "at the start"},
        {"..", "at the start"},
        {"\xc3\xa9", "at the start"},
        {"a+b", "expected only"},
        {"a b", "expected only"},
        {"a/b", "expected only"},
        {"a%20b", "expected only"},
        {"a:b", "expected only"},
        {"a\xc3\xa9", "expected only"},
        {"a\n", "expected only"},
        {std::string("a\0", 2), "expected only"},
        {std::string(100'000, '!'), "exceed the limit of 128"},
    };
    for (auto const& [text, reason] : cases) {
        auto const tag = Tag::parse(text);
        ASSERT_TRUE(tag.has_error()) << text;
        EXPECT_EQ(tag.error().code, Errc::tag_invalid);
        EXPECT_THAT(tag.error().message, HasSubstr(reason)) << text;
        EXPECT_LT(tag.error().message.size(), 200U);
    }
}

TEST(Reference, IsADigestIfAndOnlyIfItHasAColon) {
    auto const digest = parse_reference(sha256).value();
    EXPECT_TRUE(std::holds_alternative<Digest>(digest));
    EXPECT_EQ(to_string(digest), sha256);
    auto const tag = parse_reference("sha256").value();
    EXPECT_TRUE(std::holds_alternative<Tag>(tag));
    EXPECT_EQ(to_string(tag), "sha256");
    EXPECT_EQ(parse_reference("sha256:baddigeststring").error().code, Errc::digest_invalid);
    EXPECT_EQ(parse_reference("v1:x").error().code, Errc::digest_invalid);
    EXPECT_EQ(parse_reference(".v1").error().code, Errc::tag_invalid);
    EXPECT_EQ(parse_reference("").error().code, Errc::tag_invalid);
}
