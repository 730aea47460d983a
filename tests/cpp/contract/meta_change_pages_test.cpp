#include "contract/meta_store_fixture.h"

#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::AllOf;
using ::testing::Ge;
using ::testing::Le;

namespace {

class ChangePagesContract : public MetaStoreContract {
  protected:
    meta::Journal& journal() { return store->journal(); }
};

}  // namespace

OCILOT_META_KINDS(ChangePagesContract);

TEST_P(ChangePagesContract, APageEndsOnceItHasEnoughBytesAndTheNextGoesOn) {
    meta::Change large{.at = at(1), .kind = meta::ChangeKind::manifest_delete, .repository = "a"};
    large.details.tags.assign(meta::max_changed_tags, {std::string(250, 't'), std::string(71, 'd')});
    ASSERT_TRUE(run(journal().append(std::vector(10, large))).has_value());
    auto const all = run(journal().last()).value();
    auto const first = run(journal().after(0, 500)).value();
    EXPECT_TRUE(first.more);
    EXPECT_THAT(first.items.size(), AllOf(Ge(2U), Le(4U))) << "each has more than 320 000 bytes";
    std::int64_t passed = 0;
    for (bool more = true; more;) {
        auto const page = run(journal().after(passed, 500)).value();
        more = page.more;
        if (page.items.empty()) break;
        EXPECT_EQ(page.items.front().id, passed + 1) << "none is passed over";
        passed = page.items.back().id;
    }
    EXPECT_EQ(passed, all);
}

TEST_P(ChangePagesContract, EntriesEndWhenTheyHaveEnoughBytesToo) {
    meta::Change const large{.at = at(1),
                             .kind = meta::ChangeKind::admit,
                             .refused = true,
                             .text = std::string(meta::enough_change_bytes / 3, 'x')};
    ASSERT_TRUE(run(journal().append(std::vector(10, large))).has_value());
    std::vector<std::int64_t> seen;
    meta::JournalQuery query{.refused = true, .limit = 500};
    for (bool more = true; more;) {
        auto const page = run(journal().entries(query)).value();
        more = page.more;
        EXPECT_THAT(page.items.size(), AllOf(Ge(1U), Le(4U)));
        for (auto const& change : page.items) seen.push_back(change.id);
        query.before = seen.back();
    }
    EXPECT_EQ(seen.size(), 10U) << "none is passed over or seen twice";
    EXPECT_TRUE(std::ranges::is_sorted(seen, std::greater()));
}

TEST_P(ChangePagesContract, APageOfEntriesKnowsWhetherThereIsAnother) {
    for (int i = 0; i < 3; ++i) {
        for (auto const kind : {meta::ChangeKind::login, meta::ChangeKind::admit}) {
            ASSERT_TRUE(
                run(journal().append({{.at = at(i), .kind = kind, .refused = i % 2 == 0}})).has_value());
        }
    }
    auto const first = run(journal().entries({.limit = 5})).value();
    EXPECT_EQ(first.items.size(), 5U);
    EXPECT_TRUE(first.more);
    auto const last = run(journal().entries({.before = first.items.back().id, .limit = 1})).value();
    EXPECT_EQ(last.items.size(), 1U);
    EXPECT_FALSE(last.more);
    EXPECT_FALSE(run(journal().entries({.limit = 6})).value().more);
    EXPECT_FALSE(run(journal().entries({.refused = true, .limit = 4})).value().more);
    EXPECT_TRUE(run(journal().entries({.action = "login", .limit = 2})).value().more);
}

TEST_P(ChangePagesContract, ALargeChangeIsAPageOfItsOwn) {
    meta::Change const large{.kind = meta::ChangeKind::admit,
                             .refused = true,
                             .text = std::string(meta::enough_change_bytes, 'x')};
    ASSERT_TRUE(run(journal().append({large, large})).has_value());
    EXPECT_EQ(run(journal().after(0, 500)).value().items.size(), 1U);
    ASSERT_TRUE(run(journal().append({{.at = at(2), .kind = meta::ChangeKind::login}})).has_value());
    auto const rest = run(journal().after(run(journal().last()).value() - 1, 500)).value();
    EXPECT_EQ(rest.items.size(), 1U);
    EXPECT_FALSE(rest.more);
}
