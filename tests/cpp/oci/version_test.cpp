#include "oci/version.h"

#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

using namespace ocilot::oci;

namespace {

/// In rising order; those of a row are equal. The first rows are the example of semver.org, 11.
std::vector<std::vector<std::string>> const rising{
    {"0.0.0-0", "v0.0.0-0"},
    {"0.0.0"},
    {"0.0.1"},
    {"0.1.0-9"},
    {"0.1.0"},
    {"1.0.0-0"},
    {"1.0.0-0.a"},
    {"1.0.0-1"},
    {"1.0.0-9"},
    {"1.0.0-10"},
    {"1.0.0-18446744073709551615"},
    {"1.0.0-18446744073709551616"},
    {"1.0.0-100000000000000000000000000000000000000000000000000000000000000"},
    {"1.0.0--"},
    {"1.0.0-1a"},
    {"1.0.0-A"},
    {"1.0.0-alpha"},
    {"1.0.0-alpha.1"},
    {"1.0.0-alpha.1.1"},
    {"1.0.0-alpha.beta"},
    {"1.0.0-alpha-1"},
    {"1.0.0-alpha1"},
    {"1.0.0-beta"},
    {"1.0.0-beta.2"},
    {"1.0.0-beta.11"},
    {"1.0.0-rc.1"},
    {"1.0.0", "v1.0.0"},
    {"1.0.1"},
    {"1.2.0"},
    {"1.10.0"},
    {"1.255.0"},
    {"1.256.0-rc"},
    {"1.256.0"},
    {"1.65535.0"},
    {"1.65536.0"},
    {"2.0.0"},
    {"18446744073709551615.0.0", "v18446744073709551615.0.0"},
};

/// What `one` is compared with `other`, as -1, 0 or 1.
int by_precedence(std::string const& one, std::string const& other) {
    auto const found = Version::parse(one).value().compare(Version::parse(other).value());
    return found < 0 ? -1 : found > 0 ? 1 : 0;
}

int by_key(std::string const& one, std::string const& other) {
    auto const found = version_key(one).value().compare(version_key(other).value());
    return found < 0 ? -1 : found > 0 ? 1 : 0;
}

}  // namespace

TEST(Versions, AreComparedAsSemverSaysAndSoAreTheirKeys) {
    for (std::size_t i = 0; i < rising.size(); ++i) {
        for (std::size_t j = 0; j < rising.size(); ++j) {
            int const expected = i < j ? -1 : i > j ? 1 : 0;
            for (auto const& one : rising[i]) {
                for (auto const& other : rising[j]) {
                    EXPECT_EQ(by_precedence(one, other), expected) << one << " " << other;
                    EXPECT_EQ(by_key(one, other), expected) << one << " " << other;
                }
            }
        }
    }
}

TEST(Versions, HaveTheSameOrderByKeyWhateverTheyAre) {
    std::mt19937 random(1);  // NOLINT: the same versions each time
    auto const pick = [&](auto const& from) { return from[random() % std::size(from)]; };
    std::string const numbers[] = {"0", "1", "2", "9", "10", "255", "256", "4294967296"};
    std::string const identifiers[] = {"0", "1", "10", "a", "a-", "a1", "aa", "-", "--", "rc", "Z", "0a"};
    std::vector<std::string> all;
    for (int count = 0; count < 300; ++count) {
        auto text = fmt::format("{}.{}.{}", pick(numbers), pick(numbers), pick(numbers));
        char separator = '-';
        for (auto more = random() % 4; more > 0; --more) {
            text += separator + pick(identifiers);
            separator = '.';
        }
        all.push_back(std::move(text));
    }
    for (auto const& one : all) {
        for (auto const& other : all)
            ASSERT_EQ(by_key(one, other), by_precedence(one, other)) << one << " " << other;
    }
}

TEST(Versions, AreNoOtherTexts) {
    for (auto const* const text : {"",
                                   "v",
                                   "1",
                                   "1.2",
                                   "v1.2",
                                   "1.2.3.4",
                                   "01.2.3",
                                   "1.02.3",
                                   "1.2.3-",
                                   "1.2.3-a..b",
                                   "1.2.3-01",
                                   "1.2.3+b",
                                   "1.2.3-a_b",
                                   "1.2.3_4",
                                   "V1.2.3",
                                   "vv1.2.3",
                                   "latest",
                                   "1.2.x",
                                   "18446744073709551616.0.0",
                                   "-1.2.3",
                                   "1.2.3 "}) {
        EXPECT_EQ(version_key(text), std::nullopt) << text;
    }
}
