#include "jobs/pace.h"

#include <gtest/gtest.h>

namespace ocilot::jobs {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class PaceTest : public ::testing::Test {
  protected:
    Pace::Ticks::time_point const start{std::chrono::hours(1)};
};

TEST_F(PaceTest, TheFirstUnitIsDueAtOnce) {
    EXPECT_TRUE(Pace(1).is_due(start));
}

TEST_F(PaceTest, TheNextUnitIsDueWhenThoseBeforeHaveHadTheirTime) {
    Pace pace(1'000);
    pace.note(1'000, start);
    EXPECT_EQ(pace.next(), start + seconds(1));
    EXPECT_FALSE(pace.is_due(start + milliseconds(999)));
    EXPECT_TRUE(pace.is_due(start + seconds(1)));
}

TEST_F(PaceTest, NoDelayIsMadeUpForUnlessThatIsAllowed) {
    Pace pace(1'000);
    pace.note(100, start);
    pace.note(100, start + milliseconds(104));
    EXPECT_EQ(pace.next(), start + milliseconds(204));
}

TEST_F(PaceTest, ShortDelaysAreMadeUpFor) {
    Pace pace(1'000, milliseconds(50));
    pace.note(100, start);
    auto const due = pace.next();
    pace.note(100, due + milliseconds(4));
    EXPECT_EQ(pace.next(), due + milliseconds(100));
}

TEST_F(PaceTest, LongOnesAreNot) {
    Pace pace(1'000, milliseconds(50));
    pace.note(100, start);
    pace.note(100, start + seconds(60));
    EXPECT_EQ(pace.next(), start + seconds(60) + milliseconds(50));
}

TEST_F(PaceTest, WithoutARateEverythingIsDue) {
    Pace pace(0);
    pace.note(1'000'000, start);
    EXPECT_TRUE(pace.is_due(start));
}

}  // namespace
}  // namespace ocilot::jobs
