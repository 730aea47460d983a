#include "oci/repository_pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace ocilot;
using namespace ocilot::oci;
using testing::HasSubstr;

namespace {

bool matches(std::string_view pattern, std::string_view name) {
    return RepositoryPattern::parse(pattern).value().matches(RepositoryName::parse(name).value());
}

std::string repeated(std::string_view text, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += text;
    return out;
}

}  // namespace

TEST(RepositoryPattern, MatchesWholeNames) {
    struct Case {
        std::string pattern;
        std::vector<std::string> yes;
        std::vector<std::string> no;
    };
    Case const cases[] = {
        {"team/app", {"team/app"}, {"team", "app", "team/app2", "team/ap", "x/team/app", "team/app/x"}},
        {"mirror/*", {"mirror/a", "mirror/a-b.c"}, {"mirror", "mirror/a/b", "amirror/a", "mirrors/a"}},
        {"*", {"a", "abc"}, {"a/b"}},
        {"*/*", {"a/b"}, {"a", "a/b/c"}},
        {"a*", {"a", "ab", "a-b"}, {"b", "ba", "a/b"}},
        {"*-cache", {"go-cache", "x-cache"}, {"cache", "go-cache/x", "x/go-cache", "go-caches"}},
        {"a*b*c", {"abc", "axbxc", "abbcc", "abcbc"}, {"ab", "acb", "abcd", "a/bc"}},
        {"team/*/cache", {"team/a/cache"}, {"team/cache", "team/a/b/cache"}},
        {"**", {"a", "a/b", "a/b/c/d"}, {}},
        {"mirror/**", {"mirror", "mirror/a", "mirror/a/b/c"}, {"mirrors", "mirrors/a", "x/mirror"}},
        {"**/cache", {"cache", "a/cache", "a/b/cache"}, {"a-cache", "cache/a", "a/cache/b"}},
        {"a/**/z", {"a/z", "a/b/z", "a/z/z", "a/b/c/z"}, {"a", "z", "az", "a/bz", "a/z/b"}},
        {"**/b*/**", {"b", "a/bc", "bc/d/e", "a/a/b/d"}, {"a", "a/cb", "cb/d"}},
        {"**/**", {"a", "a/b"}, {}},
    };
    for (auto const& [pattern, yes, no] : cases) {
        for (auto const& name : yes) EXPECT_TRUE(matches(pattern, name)) << pattern << " " << name;
        for (auto const& name : no) EXPECT_FALSE(matches(pattern, name)) << pattern << " " << name;
    }
}

TEST(RepositoryPattern, NeverGoesBackWhateverThePattern) {
    // A matcher that tries one way after the other would not come to an end here.
    auto const stars = repeated("*a", 127);
    EXPECT_FALSE(matches(stars, std::string(254, 'a') + "b"));
    EXPECT_TRUE(matches(stars, std::string(255, 'a')));
    auto const trees = repeated("**/a/", 50) + "b";
    EXPECT_FALSE(matches(trees, repeated("a/", 127) + "a"));
    EXPECT_TRUE(matches(trees, repeated("a/", 127) + "b"));
}

TEST(RepositoryPattern, SaysWhyATextIsNone) {
    struct Case {
        std::string text;
        std::string reason;
    };
    Case const cases[] = {
        {"", "component is empty"},       {"/", "component is empty"},
        {"a//b", "component is empty"},   {"/**", "component is empty"},
        {"a**", "not a component"},       {"***", "not a component"},
        {"a/**b/c", "not a component"},   {"Team/*", "character other than"},
        {"a?", "character other than"},   {"[ab]", "character other than"},
        {"a b", "character other than"},  {std::string("a\0", 2), "character other than"},
        {"a\xc3\xa4", "character other"}, {std::string(256, 'a'), "the most is 255"},
    };
    for (auto const& [text, reason] : cases) {
        auto const pattern = RepositoryPattern::parse(text);
        ASSERT_TRUE(pattern.has_error()) << text;
        EXPECT_EQ(pattern.error().code, Errc::config);
        EXPECT_THAT(pattern.error().message, HasSubstr(reason)) << text;
        EXPECT_LT(pattern.error().message.size(), 250U);
    }
}
