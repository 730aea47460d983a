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
    EXPECT_EQ(run(meta->journal().entries({})).value().items.size(), 3U);
}

TEST_F(JournalJobTest, ForgetsNothingWithoutAnAge) {
    note(3);
    clock.advance(std::chrono::hours(10'000));
    EXPECT_EQ(forget(std::chrono::seconds(0)).value(), 0U);
    EXPECT_EQ(run(meta->journal().entries({})).value().items.size(), 3U);
}

TEST_F(JournalJobTest, ACancelledRoundEndsAfterOnePiece) {
    note(1200);
    clock.advance(std::chrono::hours(2));
    round.cancel();
    EXPECT_EQ(forget(std::chrono::hours(1)).error().code, Errc::cancelled);
    EXPECT_EQ(run(meta->journal().entries({.limit = 10'000})).value().items.size(), 700U);
}

TEST_F(JournalJobTest, WhatAConsumerHasNotPassedStaysUntilItIsTooFarBehind) {
    jobs::JournalRules const journal_rules{.age = std::chrono::hours(1), .keep = std::chrono::hours(10)};
    auto const prune = [&](jobs::JournalRules const& with) {
        return run(jobs::prune_journal(*meta, clock.now(), with, round, log, metrics)).value();
    };
    ASSERT_TRUE(run(meta->consumers().join("webhook:slow")).has_value());
    note(5);
    clock.advance(std::chrono::hours(2));
    note(1);
    EXPECT_EQ(prune(journal_rules), 0U);
    EXPECT_EQ(run(meta->journal().after(0, 100)).value().items.size(), 6U);
    clock.advance(std::chrono::hours(9));
    EXPECT_EQ(prune(journal_rules), 5U);
    EXPECT_NE(sink.text().find("consumer too far behind: changes removed before delivery"),
              std::string::npos);
    EXPECT_NE(metrics.text().find("ocilot_consumer_lost_total{consumer=\"webhook:slow\"} 5"),
              std::string::npos);
}

TEST_F(JournalJobTest, WhatAConsumerHasNotPassedIsBoundedByNumberToo) {
    ASSERT_TRUE(run(meta->consumers().join("webhook:slow")).has_value());
    note(20);
    clock.advance(std::chrono::hours(2));
    jobs::JournalRules const few{.age = std::chrono::hours(1), .keep_entries = 8};
    EXPECT_EQ(run(jobs::prune_journal(*meta, clock.now(), few, round, log, metrics)).value(), 12U);
    EXPECT_EQ(run(meta->journal().after(0, 100)).value().items.size(), 8U);
}

TEST_F(JournalJobTest, WithoutConsumersTheAgeAloneDecides) {
    note(5);
    clock.advance(std::chrono::hours(2));
    jobs::JournalRules const rules_of_age{.age = std::chrono::hours(1), .keep = std::chrono::hours(100)};
    EXPECT_EQ(run(jobs::prune_journal(*meta, clock.now(), rules_of_age, round, log, metrics)).value(), 4U)
        << "all but the last";
}
