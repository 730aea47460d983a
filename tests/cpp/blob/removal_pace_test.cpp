#include "blob/filesystem/removal_pace.h"

#include <gtest/gtest.h>

using ocilot::blob::RemovalPace;
using std::chrono::microseconds;

namespace {

void note_often(RemovalPace& pace, microseconds each) {
    for (int i = 0; i < 100; ++i) pace.note(10, 10 * each);
}

}  // namespace

TEST(RemovalPaceTest, AThreadTakesFewWhereEachWaitsForTheDiskAndManyWhereNoneDoes) {
    RemovalPace pace;
    note_often(pace, microseconds(5));
    EXPECT_EQ(pace.at_once(), 64U);
    note_often(pace, microseconds(100));
    EXPECT_GT(pace.at_once(), 10U);
    EXPECT_LT(pace.at_once(), 64U);
    note_often(pace, microseconds(5'000));
    EXPECT_EQ(pace.at_once(), 8U);
}

TEST(RemovalPaceTest, NothingThatWasRemovedTellsNothing) {
    RemovalPace pace;
    auto const before = pace.at_once();
    pace.note(0, microseconds(1'000'000));
    EXPECT_EQ(pace.at_once(), before);
}
