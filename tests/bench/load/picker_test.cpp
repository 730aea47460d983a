#include "picker.h"

#include <cmath>
#include <gtest/gtest.h>
#include <numeric>
#include <vector>

using namespace ocilot::load;

namespace {

std::vector<double> seen_shares(Picker picker, int picks) {
    Random random(11);
    std::vector<double> seen(picker.count());
    for (int i = 0; i < picks; ++i) seen[picker.next(random)] += 1.0 / picks;
    return seen;
}

}  // namespace

TEST(Picker, InOrderGoesRoundTheList) {
    Random random(1);
    auto picker = Picker::in_order(3);
    std::vector<std::size_t> picked;
    for (int i = 0; i < 7; ++i) picked.push_back(picker.next(random));
    EXPECT_EQ(picked, (std::vector<std::size_t>{0, 1, 2, 0, 1, 2, 0}));
}

TEST(Picker, UniformGivesEachTheSame) {
    for (double const share : seen_shares(Picker::uniform(10), 200'000)) EXPECT_NEAR(share, 0.1, 0.005);
}

TEST(Picker, ZipfFollowsItsLaw) {
    auto const seen = seen_shares(Picker::zipf(1'000, 1.0), 1'000'000);
    double harmonic = 0;
    for (int n = 1; n <= 1'000; ++n) harmonic += 1.0 / n;
    for (std::size_t const rank : {1U, 2U, 10U, 100U}) {
        auto const expected = 1 / (static_cast<double>(rank) * harmonic);
        EXPECT_NEAR(seen[rank - 1], expected, 0.05 * expected) << rank;
    }
    EXPECT_NEAR(std::accumulate(seen.begin() + 500, seen.end(), 0.0), std::log(2) / harmonic, 0.005);
}

TEST(Picker, WeightsAreKeptAndZeroIsNever) {
    auto const seen = seen_shares(Picker::weighted(std::vector{5.0, 0.0, 3.0, 2.0}), 200'000);
    EXPECT_NEAR(seen[0], 0.5, 0.005);
    EXPECT_EQ(seen[1], 0);
    EXPECT_NEAR(seen[2], 0.3, 0.005);
    EXPECT_NEAR(seen[3], 0.2, 0.005);
}

TEST(Picker, SharesFollowTheCurveAndEndWithIt) {
    std::vector<std::pair<double, double>> const curve{{1, 0.4}, {2, 0.6}, {6, 1.0}};
    auto const shares = Picker::shares(curve, 8);
    std::vector<double> const expected{0.4, 0.2, 0.1, 0.1, 0.1, 0.1, 0, 0};
    ASSERT_EQ(shares.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(shares[i], expected[i], 1e-12) << i;
    EXPECT_EQ(Picker::shares(curve, 1), std::vector{0.4});
}

TEST(Picker, TheSameSeedPicksTheSame) {
    Random one(42);
    Random two(42);
    auto first = Picker::zipf(50, 0.8);
    auto second = Picker::zipf(50, 0.8);
    for (int i = 0; i < 1'000; ++i) ASSERT_EQ(first.next(one), second.next(two));
}
