#include "histogram.h"

#include "random.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <memory>
#include <vector>

using namespace ocilot::load;

TEST(Histogram, IsEmptyAtFirst) {
    auto const histogram = std::make_unique<Histogram>();
    EXPECT_EQ(histogram->count(), 0U);
    EXPECT_EQ(histogram->quantile(0.5), 0);
    EXPECT_EQ(histogram->max(), 0);
}

TEST(Histogram, EveryValueIsFoundAgainWithinAQuarterOfAPercent) {
    for (Nanos value = 1; value < (Nanos{1} << 39); value += 1 + value / 97) {
        auto const histogram = std::make_unique<Histogram>();
        histogram->record(value);
        histogram->record(value * 2);  // So that the exact maximum does not answer.
        auto const found = static_cast<double>(histogram->quantile(0.5));
        ASSERT_LE(std::abs(found - static_cast<double>(value)), 0.0025 * static_cast<double>(value)) << value;
    }
}

TEST(Histogram, QuantilesAgreeWithTheSortedValues) {
    Random random(7);
    auto const histogram = std::make_unique<Histogram>();
    std::vector<Nanos> values;
    for (int i = 0; i < 100'000; ++i) {
        values.push_back(static_cast<Nanos>(std::exp(random.fraction() * 20)));
        histogram->record(values.back());
    }
    std::ranges::sort(values);
    for (double const q : {0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
        auto const exact = static_cast<double>(values[static_cast<std::size_t>(std::ceil(q * 100'000)) - 1]);
        EXPECT_NEAR(static_cast<double>(histogram->quantile(q)), exact, 0.0025 * exact + 1) << q;
    }
    EXPECT_EQ(histogram->max(), values.back());
    EXPECT_EQ(histogram->count(), values.size());
}

TEST(Histogram, TheLongestLatencyIsExactAndWhatIsLongerThanTheRangeCountsAsItsEnd) {
    auto const histogram = std::make_unique<Histogram>();
    histogram->record(1'234'567'891);
    EXPECT_EQ(histogram->max(), 1'234'567'891);
    histogram->record(Nanos{1} << 50);
    EXPECT_EQ(histogram->max(), (Nanos{1} << 40) - 1);
    EXPECT_EQ(histogram->count(), 2U);
}

TEST(Histogram, MergedOnesAnswerForAll) {
    auto const one = std::make_unique<Histogram>();
    auto const two = std::make_unique<Histogram>();
    for (Nanos i = 1; i <= 100; ++i) (i <= 50 ? one : two)->record(i);
    one->merge(*two);
    EXPECT_EQ(one->count(), 100U);
    EXPECT_EQ(one->quantile(0.9), 90);
    EXPECT_EQ(one->max(), 100);
}
