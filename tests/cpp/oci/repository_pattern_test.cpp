#include "oci/repository_pattern.h"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace ocilot;
using namespace ocilot::oci;
using testing::HasSubstr;

namespace {

/// What tests/hooks/test_pattern.py reads, too.
nlohmann::json corpus() {
    std::ifstream file(OCILOT_TEST_DATA "/repository_patterns.json");
    return nlohmann::json::parse(file);
}

bool matches(std::string_view pattern, std::string_view name) {
    return RepositoryPattern::parse(pattern).value().matches(RepositoryName::parse(name).value());
}

using Components = std::vector<std::string>;

/// What a pattern means, tried out one way after the other.
bool meant(std::string_view pattern, std::string_view text) {
    if (pattern.empty()) return text.empty();
    if (pattern[0] == '*')
        return meant(pattern.substr(1), text) || (!text.empty() && meant(pattern, text.substr(1)));
    return !text.empty() && text[0] == pattern[0] && meant(pattern.substr(1), text.substr(1));
}

bool meant(Components const& pattern, std::size_t p, Components const& name, std::size_t n) {
    if (p == pattern.size()) return n == name.size();
    if (pattern[p] == "**")
        return meant(pattern, p + 1, name, n) || (n < name.size() && meant(pattern, p, name, n + 1));
    return n < name.size() && meant(pattern[p], name[n]) && meant(pattern, p + 1, name, n + 1);
}

/// Everything of at most `longest` components from a choice.
std::vector<Components> all_of(Components const& choice, std::size_t longest) {
    std::vector<Components> found;
    std::vector<Components> last{{}};
    for (std::size_t length = 1; length <= longest; ++length) {
        std::vector<Components> next;
        for (auto const& shorter : last) {
            for (auto const& one : choice) {
                next.push_back(shorter);
                next.back().push_back(one);
            }
        }
        found.insert(found.end(), next.begin(), next.end());
        last = std::move(next);
    }
    return found;
}

std::string joined(Components const& components) {
    std::string text = components.front();
    for (std::size_t i = 1; i < components.size(); ++i) text += "/" + components[i];
    return text;
}

}  // namespace

TEST(RepositoryPattern, MatchesWholeNames) {
    auto const rows = corpus();
    for (auto const& row : rows.at("patterns")) {
        auto const pattern = row.at("pattern").get<std::string>();
        EXPECT_EQ(RepositoryPattern::parse(pattern).value().str(), pattern);
        for (std::string const name : row.at("matches"))
            EXPECT_TRUE(matches(pattern, name)) << pattern << " " << name;
        for (std::string const name : row.at("others"))
            EXPECT_FALSE(matches(pattern, name)) << pattern << " " << name;
    }
}

TEST(RepositoryPattern, SaysWhyATextIsNone) {
    auto const rows = corpus();
    for (auto const& row : rows.at("invalid")) {
        auto const text = row.at("text").get<std::string>();
        auto const pattern = RepositoryPattern::parse(text);
        ASSERT_TRUE(pattern.has_error()) << text;
        EXPECT_EQ(pattern.error().code, Errc::config);
        EXPECT_THAT(pattern.error().message, HasSubstr(row.at("reason").get<std::string>())) << text;
        EXPECT_LT(pattern.error().message.size(), 250U);
    }
}

TEST(RepositoryPattern, MeansWhatTryingEveryWayFinds) {
    auto const names = all_of({"a", "b", "ab", "ba"}, 4);
    for (auto const& pattern : all_of({"a", "*", "**", "a*", "*b*"}, 4)) {
        auto const parsed = RepositoryPattern::parse(joined(pattern)).value();
        for (auto const& name : names) {
            ASSERT_EQ(parsed.matches(RepositoryName::parse(joined(name)).value()), meant(pattern, 0, name, 0))
                << parsed.str() << " " << joined(name);
        }
    }
}
