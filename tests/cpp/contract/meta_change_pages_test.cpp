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
