#include "contract/meta_store_fixture.h"

using namespace ocilot;
using namespace ocilot::test;

namespace {

class MetaHistory : public MetaStoreContract {
  protected:
    /// Moves the tag to another manifest at each of `times`.
    void move(std::string_view name, std::vector<int> const& times) {
        for (int const time : times) {
            auto const content = "m" + std::to_string(time);
            ASSERT_TRUE(put(a_manifest(app, content, {tag(name)}, at(time))).has_value());
        }
    }
    /// A whole walk, in pieces of `rows`.
    std::size_t forget(meta::HistoryRules rules, std::size_t rows = 100) {
        std::size_t removed = 0;
        std::int64_t after = 0;
        for (;;) {
            auto const piece = run(catalog().prune_history(rules, after, rows)).value();
            removed += piece.removed;
            if (!piece.after) return removed;
            EXPECT_GT(*piece.after, after);
            after = *piece.after;
        }
    }
};

}  // namespace

TEST_P(MetaHistory, KeepsTheLastEntriesOfEachTag) {
    move("a", {1, 2, 3, 4, 5});
    move("b", {6, 7});
    EXPECT_EQ(forget({{}, 3}), 2U);
    EXPECT_EQ(forget({{}, 3}), 0U);
    EXPECT_EQ(forget({{}, 1}, 1), 2U + 1U) << "in the smallest pieces";
    EXPECT_EQ(run(catalog().resolve(app, tag("a"))).value().digest, digest("m5"));
}

TEST_P(MetaHistory, KeepsWhatIsYoungAndTheLastEntryOfATagThatExists) {
    move("old", {1, 2});
    move("young", {3, 8});
    EXPECT_EQ(forget({at(5), 0}), 1U + 1U);
    EXPECT_EQ(forget({at(100), 0}), 0U);
}

TEST_P(MetaHistory, ForgetsATagThatIsGoneWholly) {
    move("gone", {1, 2});
    ASSERT_TRUE(run(catalog().delete_tag(app, tag("gone"), bob, at(4))).has_value());
    EXPECT_EQ(forget({at(3), 0}), 2U);
    EXPECT_EQ(forget({at(5), 0}), 1U) << "its removal";
}

TEST_P(MetaHistory, WithoutRulesKeepsAll) {
    move("a", {1, 2, 3});
    EXPECT_EQ(forget({}), 0U);
    EXPECT_EQ(forget({{}, 1}), 2U);
}

OCILOT_META_KINDS(MetaHistory);
