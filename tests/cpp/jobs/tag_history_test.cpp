#include "jobs/tag_history.h"

#include "registry/fixture.h"

#include <fmt/format.h>

using namespace ocilot;
using namespace ocilot::test;

class TagHistoryJobTest : public RegistryTest {
  protected:
    jobs::Round round;

    void move_tag(int times) {
        auto const config = push("cfg");
        for (int i = 0; i < times; ++i) {
            auto const layer = push(fmt::format("layer {}", moves++));
            ASSERT_TRUE(push_manifest(image(config, {layer}), tag("v1")).has_value());
        }
    }
    Result<std::size_t> forget(jobs::HistoryLimits limits) {
        return run(jobs::prune_tag_history(meta->catalog(), clock.now(), limits, round));
    }
    int moves = 0;
};

TEST_F(TagHistoryJobTest, ForgetsWhatIsBeyondTheLimitsHoweverMuchAndNothingElse) {
    move_tag(250);
    EXPECT_EQ(forget({std::chrono::hours(1), 240}).value(), 10U);
    clock.advance(std::chrono::hours(2));
    move_tag(3);
    EXPECT_EQ(forget({std::chrono::hours(3), 0}).value(), 0U);
    EXPECT_EQ(forget({std::chrono::hours(1), 0}).value(), 240U);
    EXPECT_EQ(forget({std::chrono::seconds(0), 0}).value(), 0U);
}

TEST_F(TagHistoryJobTest, ACancelledRoundEndsAfterOnePiece) {
    move_tag(250);
    round.cancel();
    EXPECT_EQ(forget({std::chrono::seconds(0), 1}).error().code, Errc::cancelled);
    round.reset();
    EXPECT_EQ(forget({std::chrono::seconds(0), 1}).value(), 149U);
}
