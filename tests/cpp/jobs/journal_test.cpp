#include "jobs/journal.h"

#include "registry/fixture.h"

using namespace ocilot;
using namespace ocilot::test;

class JournalJobTest : public RegistryTest {
  protected:
    jobs::Round round;

    void note(std::size_t times) {
        meta::Change const entry{.at = clock.now(), .kind = meta::ChangeKind::login, .refused = true};
        ASSERT_TRUE(run(meta->journal().append(std::vector(times, entry))).has_value());
    }
    Result<std::size_t> forget(std::chrono::seconds age) {
        return run(jobs::prune_journal(*meta, clock.now(), {.age = age}, round, log, metrics));
    }
};

TEST_F(JournalJobTest, ForgetsWhatIsOverTheAgeHoweverMuchAndNothingElse) {
    note(1200);
    clock.advance(std::chrono::hours(2));
    note(3);
    EXPECT_EQ(forget(std::chrono::hours(3)).value(), 0U);
    EXPECT_EQ(forget(std::chrono::hours(1)).value(), 1200U);
    EXPECT_EQ(run(meta->journal().entries({})).value().size(), 3U);
}

TEST_F(JournalJobTest, ForgetsNothingWithoutAnAge) {
    note(3);
    clock.advance(std::chrono::hours(10'000));
    EXPECT_EQ(forget(std::chrono::seconds(0)).value(), 0U);
    EXPECT_EQ(run(meta->journal().entries({})).value().size(), 3U);
}

TEST_F(JournalJobTest, ACancelledRoundEndsAfterOnePiece) {
    note(1200);
    clock.advance(std::chrono::hours(2));
    round.cancel();
    EXPECT_EQ(forget(std::chrono::hours(1)).error().code, Errc::cancelled);
    EXPECT_EQ(run(meta->journal().entries({.limit = 10'000})).value().size(), 700U);
}
