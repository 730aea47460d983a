#include "registry/probes.h"

#include "oci/hasher.h"

#include <gtest/gtest.h>
#include <string>

using namespace ocilot;

namespace {

oci::Digest digest(std::string_view text) {
    return oci::digest_of(oci::Algorithm::sha256, text);
}
Time at(int second) {
    return Time(std::chrono::seconds(second));
}

}  // namespace

TEST(Probes, ADigestIsRememberedFromWhenItWasLastAskedFor) {
    registry::Probes probes;
    EXPECT_FALSE(probes.contains(digest("one"), at(0)));
    probes.note(digest("one"), at(100));
    EXPECT_TRUE(probes.contains(digest("one"), at(100)));
    EXPECT_TRUE(probes.contains(digest("one"), at(-1)));
    EXPECT_FALSE(probes.contains(digest("one"), at(101)));
    EXPECT_FALSE(probes.contains(digest("two"), at(50)));
    probes.note(digest("one"), at(200));
    EXPECT_TRUE(probes.contains(digest("one"), at(200)));
}

TEST(Probes, OthersMakeADigestLookAskedForButNeverForgotten) {
    registry::Probes probes;
    probes.note(digest("one"), at(100));
    constexpr int asked = 20'000;
    for (int i = 0; i < asked; ++i) probes.note(digest(std::to_string(i)), at(100));
    EXPECT_TRUE(probes.contains(digest("one"), at(100)));
    int false_ones = 0;
    for (int i = asked; i < 2 * asked; ++i) false_ones += probes.contains(digest(std::to_string(i)), at(100));
    EXPECT_LT(false_ones, asked / 10);
}
