#include "retention/glob.h"

#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace ocilot {
namespace {

/// R32: what the table of docs/operate/retention.md says.
TEST(RetentionGlob, MatchesWhatTheTableSays) {
    std::ifstream file(OCILOT_TEST_DATA "/tag_patterns.json");
    auto const table = nlohmann::json::parse(file);
    ASSERT_EQ(table["patterns"].size(), 12U);
    for (auto const& [text, matches] : table["patterns"].items()) {
        auto const pattern = retention::Glob::parse_for_tags(text);
        ASSERT_TRUE(pattern.has_value()) << text;
        for (auto const& tag : table["tags"]) {
            bool const matched = std::ranges::find(matches, tag) != matches.end();
            EXPECT_EQ(pattern->matches(tag.get<std::string>()), matched) << text << ' ' << tag;
        }
    }
}

/// R33: a pattern matches the whole tag, and what looks like a regular expression is refused.
TEST(RetentionGlob, RefusesWhatNoTagCanMatch) {
    for (auto const* const text : {"", "^v1$", ".*", "v[0-9]", "a|b", "(a)", "v1\\.2", "/v.+/", "sha256:1",
                                   "-x", "{a", "a}", "{a,{b,c}}", "}a{"}) {
        EXPECT_FALSE(retention::Glob::parse_for_tags(text).has_value()) << text;
    }
    EXPECT_FALSE(retention::Glob::parse_for_tags("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}").has_value()) << "128";
    EXPECT_FALSE(retention::Glob::parse_for_tags("v1").value().matches("v10"));
    EXPECT_FALSE(retention::Glob::parse_for_tags("v1").value().matches("xv1"));
    EXPECT_TRUE(retention::Glob::parse_for_tags("{a,b}-{1,2}").value().matches("b-2"));
}

/// A star never makes matching slow.
TEST(RetentionGlob, TakesFewSteps) {
    auto const pattern = retention::Glob::parse_for_tags("*a*a*a*a*a*a*a*a*a*a*b").value();
    EXPECT_FALSE(pattern.matches(std::string(128, 'a')));
}

}  // namespace
}  // namespace ocilot
