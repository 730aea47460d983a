#include "contract/meta_credentials_fixture.h"

#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;

namespace {

class KeysContract : public CredentialsContract {};

}  // namespace

OCILOT_META_KINDS(KeysContract);

TEST_P(KeysContract, TheYoungestKeyIsFirstAndOldOnesGo) {
    ASSERT_TRUE(run(keys().add({"one", "pem 1", at(1)}, at(0), ann)).has_value());
    ASSERT_TRUE(run(keys().add({"two", "pem 2", at(2)}, at(0), ann)).has_value());
    auto const both = run(keys().keys()).value();
    ASSERT_EQ(both.size(), 2U);
    EXPECT_EQ(both[0].id, "two");
    EXPECT_EQ(both[0].private_pem, "pem 2");
    EXPECT_EQ(run(keys().add({"two", "x", at(3)}, at(3), ann)).error().code, Errc::conflict);
    ASSERT_TRUE(run(keys().add({"three", "pem 3", at(3)}, at(2), ann)).has_value());
    auto const left = run(keys().keys()).value();
    ASSERT_EQ(left.size(), 2U);
    EXPECT_EQ(left[0].id + left[1].id, "threetwo");
}

TEST_P(KeysContract, AKeyIsNotedWithHowManyItReplaced) {
    ASSERT_TRUE(run(keys().add({"one", "pem 1", at(1)}, at(0), ann)).has_value());
    ASSERT_TRUE(run(keys().add({"two", "pem 2", at(2)}, at(2), bob)).has_value());
    EXPECT_THAT(noted(), ElementsAre("key.add|one|", "key.add|two|removed 1 old key"));
    EXPECT_EQ(run(store->journal().after(0, 9)).value().items.at(1).by.name, "bob");
}
