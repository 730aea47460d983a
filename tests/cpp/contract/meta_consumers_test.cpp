#include "contract/meta_store_fixture.h"

#include <gmock/gmock.h>
#include <limits>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace {

class ConsumersContract : public MetaStoreContract {
  protected:
    meta::Consumers& consumers() { return store->consumers(); }
    /// Notes changes; answers the id of the last.
    std::int64_t note(int count) {
        for (int i = 0; i < count; ++i) {
            auto const number = std::to_string(++noted);
            auto const manifest = a_manifest(app, "m" + number, {tag("t" + number)}, at(noted));
            EXPECT_TRUE(put(manifest).has_value());
        }
        return run(store->journal().last()).value();
    }
    meta::Consumer find(std::string const& name) {
        for (auto& consumer : run(consumers().list()).value()) {
            if (consumer.name == name) return consumer;
        }
        ADD_FAILURE() << "no consumer " << name;
        return {};
    }
    Result<> advance(meta::ConsumerStep step) { return run(consumers().advance(std::move(step))); }
    static std::vector<std::int64_t> ids(std::vector<meta::HeldChange> const& held) {
        std::vector<std::int64_t> found;
        for (auto const& each : held) found.push_back(each.change.id);
        return found;
    }
    std::vector<std::int64_t> waiting(std::string name) {
        return ids(run(consumers().waiting(std::move(name), 0, 100)).value().items);
    }
    std::vector<std::int64_t> parked(std::string name, std::int64_t after = 0, std::size_t limit = 100) {
        return ids(run(consumers().parked(std::move(name), after, limit)).value().items);
    }
    int noted = 0;
};

}  // namespace

OCILOT_META_KINDS(ConsumersContract);

TEST_P(ConsumersContract, ANewOneGetsWhatComesAndAKnownOneGoesOn) {
    auto const before = note(2);
    EXPECT_EQ(run(consumers().join("webhook:a")).value().place, before);
    auto const after = note(3);
    EXPECT_EQ(run(consumers().join("webhook:a")).value().place, before) << "it is not new any more";
    EXPECT_EQ(run(consumers().join("webhook:b")).value().place, after);
    auto const a = find("webhook:a");
    EXPECT_EQ(a.behind, 3U);
    EXPECT_EQ(a.behind_since, at(3));
    EXPECT_EQ(find("webhook:b").behind, 0U);
    EXPECT_EQ(find("webhook:b").behind_since, std::nullopt);
}

TEST_P(ConsumersContract, WithoutAnyChangeAConsumerStartsAtTheBeginning) {
    EXPECT_EQ(run(consumers().slowest()).value(), std::nullopt);
    EXPECT_EQ(run(consumers().join("hook:a.py")).value().place, 0);
    EXPECT_EQ(run(consumers().slowest()).value(), 0);
}

TEST_P(ConsumersContract, AStepMovesThePlaceAndKeepsTheState) {
    auto const from = run(consumers().join("webhook:a")).value().place;
    auto const to = note(2);
    meta::ConsumerState const state{.failures = 3,
                                    .failing_since = at(5),
                                    .next_attempt = at(9),
                                    .last_error = "status 500",
                                    .last_success_at = at(4)};
    ASSERT_TRUE(advance({.name = "webhook:a", .from = from, .to = to, .state = state}).has_value());
    auto const moved = find("webhook:a");
    EXPECT_EQ(moved.place, to);
    EXPECT_EQ(moved.state, state);
    EXPECT_EQ(moved.behind, 0U);
    ASSERT_TRUE(advance({.name = "webhook:a", .from = to, .to = to}).has_value());
    EXPECT_EQ(find("webhook:a").state, meta::ConsumerState{});
}

TEST_P(ConsumersContract, WhoIsNotTheOnlyOneWorkingForAConsumerMovesNothing) {
    auto const from = run(consumers().join("webhook:a")).value().place;
    auto const to = note(2);
    ASSERT_TRUE(advance({.name = "webhook:a", .from = from, .to = to - 1}).has_value());
    meta::ConsumerStep late{.name = "webhook:a", .from = from, .to = to};
    late.hold = {{.id = to, .parked = true}};
    auto const refused = advance(late);
    EXPECT_EQ(refused.error().code, Errc::conflict);
    EXPECT_THAT(refused.error().message, HasSubstr("webhook:a"));
    EXPECT_EQ(find("webhook:a").place, to - 1);
    EXPECT_THAT(parked("webhook:a"), IsEmpty()) << "all or nothing";
    EXPECT_EQ(advance({.name = "webhook:none"}).error().code, Errc::conflict);
}

TEST_P(ConsumersContract, WhatIsSetAsideIsKeptWithTheStepAndOutlivesTheJournal) {
    auto const from = run(consumers().join("webhook:a")).value().place;
    auto const last = note(3);
    meta::ConsumerStep step{.name = "webhook:a", .from = from, .to = last, .now = at(50)};
    step.hold = {{.id = last - 2, .attempts = 1, .next_attempt = at(60), .error = "status 500"},
                 {.id = last - 1, .attempts = 5, .error = "status 404", .parked = true}};
    ASSERT_TRUE(advance(step).has_value());
    note(1);
    ASSERT_TRUE(run(store->journal().prune_before(at(1000), std::numeric_limits<std::int64_t>::max(), 100))
                    .has_value());
    auto const held = run(consumers().waiting("webhook:a", 0, 10)).value().items;
    ASSERT_EQ(held.size(), 1U);
    EXPECT_EQ(held[0].change.id, last - 2);
    EXPECT_EQ(held[0].change.kind, meta::ChangeKind::manifest_push);
    EXPECT_EQ(held[0].change.repository, app.str());
    EXPECT_EQ(held[0].change.digest, digest("m1").str());
    EXPECT_EQ(held[0].change.by, ann);
    EXPECT_EQ(held[0].change.size, 2U);
    EXPECT_THAT(held[0].change.details.tags, ElementsAre(meta::ChangedTag{"t1"}));
    EXPECT_EQ(held[0].attempts, 1U);
    EXPECT_EQ(held[0].since, at(50));
    EXPECT_EQ(held[0].next_attempt, at(60));
    EXPECT_EQ(held[0].error, "status 500");
    EXPECT_FALSE(held[0].replay);
    EXPECT_THAT(parked("webhook:a"), ElementsAre(last - 1));
    auto const consumer = find("webhook:a");
    EXPECT_EQ(consumer.waiting, 1U);
    EXPECT_EQ(consumer.parked, 1U);
}

TEST_P(ConsumersContract, WhatWaitsIsReleasedOrParkedLater) {
    auto const from = run(consumers().join("webhook:a")).value().place;
    auto const last = note(2);
    meta::ConsumerStep step{.name = "webhook:a", .from = from, .to = last, .now = at(50)};
    step.hold = {{.id = last - 1}, {.id = last}};
    ASSERT_TRUE(advance(step).has_value());
    meta::ConsumerStep later{.name = "webhook:a", .from = last, .to = last, .now = at(70)};
    later.hold = {{.id = last, .attempts = 2, .error = "gone", .parked = true}};
    later.release = {last - 1};
    ASSERT_TRUE(advance(later).has_value());
    EXPECT_THAT(waiting("webhook:a"), IsEmpty());
    auto const kept = run(consumers().parked("webhook:a", 0, 10)).value().items;
    ASSERT_EQ(kept.size(), 1U);
    EXPECT_EQ(kept[0].error, "gone");
    EXPECT_EQ(kept[0].since, at(70)) << "it is parked since then";
}

TEST_P(ConsumersContract, WhatIsParkedIsReadInPagesReplayedAndDiscarded) {
    auto const from = run(consumers().join("webhook:a")).value().place;
    run(consumers().join("webhook:b")).value();
    auto const last = note(4);
    for (auto const* const name : {"webhook:a", "webhook:b"}) {
        meta::ConsumerStep step{.name = name, .from = from, .to = last, .now = at(50)};
        for (auto id = last - 3; id <= last; ++id) {
            step.hold.push_back({.id = id, .attempts = 9, .error = "no", .parked = true});
        }
        ASSERT_TRUE(advance(step).has_value());
    }
    EXPECT_THAT(parked("webhook:a", last - 3, 2), ElementsAre(last - 2, last - 1));
    EXPECT_EQ(run(consumers().replay("webhook:a", last - 1, at(60))).value(), 1U);
    EXPECT_EQ(run(consumers().replay("webhook:a", last - 1, at(60))).value(), 0U) << "it waits already";
    auto const replayed = run(consumers().waiting("webhook:a", 0, 10)).value().items;
    ASSERT_EQ(replayed.size(), 1U);
    EXPECT_TRUE(replayed[0].replay);
    EXPECT_EQ(replayed[0].attempts, 0U);
    EXPECT_EQ(replayed[0].next_attempt, at(60));
    EXPECT_EQ(run(consumers().discard("webhook:a", last)).value(), 1U);
    EXPECT_EQ(run(consumers().replay("webhook:a", {}, at(60))).value(), 2U);
    EXPECT_THAT(waiting("webhook:a"), ElementsAre(last - 3, last - 2, last - 1));
    EXPECT_THAT(ids(run(consumers().waiting("webhook:a", last - 3, 1)).value().items), ElementsAre(last - 2));
    EXPECT_EQ(parked("webhook:b").size(), 4U) << "another consumer's";
    EXPECT_EQ(run(consumers().discard("webhook:b", {})).value(), 4U);
    EXPECT_EQ(run(consumers().discard("webhook:a", {})).value(), 0U) << "what waits is not parked";
    EXPECT_EQ(waiting("webhook:a").size(), 3U);
}

TEST_P(ConsumersContract, APageOfWhatIsSetAsideEndsOnceItHasEnoughBytes) {
    auto const from = run(consumers().join("webhook:a")).value().place;
    meta::Change const large{.kind = meta::ChangeKind::admit,
                             .refused = true,
                             .text = std::string(meta::enough_change_bytes / 2, 'x')};
    ASSERT_TRUE(run(store->journal().append(std::vector(6, large))).has_value());
    auto const last = run(store->journal().last()).value();
    meta::ConsumerStep step{.name = "webhook:a", .from = from, .to = last, .now = at(50)};
    for (auto id = last - 5; id <= last; ++id) step.hold.push_back({.id = id, .parked = id > last - 3});
    ASSERT_TRUE(advance(step).has_value());
    auto const waiting_page = run(consumers().waiting("webhook:a", 0, 500)).value();
    EXPECT_THAT(ids(waiting_page.items), ElementsAre(last - 5, last - 4));
    EXPECT_TRUE(waiting_page.more);
    auto const parked_page = run(consumers().parked("webhook:a", 0, 500)).value();
    EXPECT_THAT(ids(parked_page.items), ElementsAre(last - 2, last - 1));
    EXPECT_TRUE(parked_page.more);
    auto const rest = run(consumers().parked("webhook:a", last - 1, 500)).value();
    EXPECT_THAT(ids(rest.items), ElementsAre(last));
    EXPECT_FALSE(rest.more);
}

TEST_P(ConsumersContract, WhatIsParkedExpiresAndWhatWaitsDoesNot) {
    auto const from = run(consumers().join("webhook:a")).value().place;
    auto const last = note(3);
    meta::ConsumerStep step{.name = "webhook:a", .from = from, .to = last, .now = at(50)};
    step.hold = {{.id = last - 2, .parked = true}, {.id = last - 1, .parked = true}, {.id = last}};
    ASSERT_TRUE(advance(step).has_value());
    EXPECT_EQ(run(consumers().expire(at(50), 10)).value(), 0U);
    EXPECT_EQ(run(consumers().expire(at(51), 1)).value(), 1U);
    EXPECT_EQ(run(consumers().expire(at(51), 10)).value(), 1U);
    EXPECT_THAT(waiting("webhook:a"), ElementsAre(last));
}

TEST_P(ConsumersContract, TheJournalIsBoundByTheSlowestUntilItIsRemoved) {
    auto const from = run(consumers().join("webhook:slow")).value().place;
    auto const last = note(3);
    run(consumers().join("webhook:fast")).value();
    EXPECT_EQ(run(consumers().slowest()).value(), from);
    meta::ConsumerStep step{.name = "webhook:slow", .from = from, .to = last - 1};
    step.hold = {{.id = last - 1}};
    ASSERT_TRUE(advance(step).has_value());
    EXPECT_EQ(run(consumers().slowest()).value(), last - 1);
    ASSERT_TRUE(run(consumers().remove("webhook:slow")).has_value());
    EXPECT_EQ(run(consumers().slowest()).value(), last);
    EXPECT_EQ(run(consumers().join("webhook:slow")).value().waiting, 0U) << "it is a new one";
    EXPECT_TRUE(run(consumers().remove("webhook:none")).has_value());
}
