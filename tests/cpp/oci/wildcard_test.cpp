#include "oci/wildcard.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

using namespace ocilot::oci;

TEST(Wildcards, FitsTheWholeText) {
    struct Case {
        std::string pattern;
        std::vector<std::string> yes;
        std::vector<std::string> no;
    };
    Case const cases[] = {
        {"octo/app", {"octo/app"}, {"octo/app2", "xocto/app", "octo", "Octo/app", "octo/app\n", ""}},
        {"octo/*", {"octo/", "octo/a", "octo/a/b"}, {"octo", "octo2/a", "x/octo/a"}},
        {"*", {"", "a", "a/b c"}, {}},
        {"refs/heads/*", {"refs/heads/main"}, {"refs/tags/refs/heads/main"}},
        {"*/main", {"refs/heads/main", "/main"}, {"main", "refs/heads/main2"}},
        {"a*b*c", {"abc", "axbxc", "abbcc", "abcbc"}, {"ab", "acb", "abcd"}},
        {"a**c", {"ac", "abc"}, {"a", "acd"}},
        {"a.c", {"a.c"}, {"abc"}},
        {"[ab]?", {"[ab]?"}, {"a", "ab"}},
        {"", {""}, {"a"}},
    };
    for (auto const& [pattern, yes, no] : cases) {
        for (auto const& text : yes) EXPECT_TRUE(fits_wildcards(pattern, text)) << pattern << " " << text;
        for (auto const& text : no) EXPECT_FALSE(fits_wildcards(pattern, text)) << pattern << " " << text;
    }
}

TEST(Wildcards, CostsWhatItsLengthCosts) {
    std::string pattern;
    for (int i = 0; i < 100; ++i) pattern += "a*";
    EXPECT_FALSE(fits_wildcards(pattern + "b", std::string(10'000, 'a')));
}
