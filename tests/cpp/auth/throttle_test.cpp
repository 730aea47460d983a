#include "auth/throttle.h"

#include <gtest/gtest.h>

namespace ocilot::auth {
namespace {

using std::chrono::seconds;

constexpr std::string_view home = "192.0.2.1";
constexpr std::string_view elsewhere = "192.0.2.2";

class Throttled : public testing::Test {
  protected:
    ThrottleRules const rules{.free_of_pair = 3, .free_of_address = 6, .free_of_account = 8};
    Throttle throttle{rules};
    Time now{std::chrono::hours(1000)};

    seconds wrong(std::string_view account, std::string_view address) {
        return throttle.begin(account, address, now);
    }
    seconds right(std::string_view account, std::string_view address) {
        auto const wait = throttle.begin(account, address, now);
        if (wait.count() == 0) throttle.succeeded(account, address);
        return wait;
    }
};

TEST_F(Throttled, GuessesWaitTwiceAsLongEachTime) {
    for (int i = 0; i < 3; ++i) EXPECT_EQ(wrong("alice", home).count(), 0);
    EXPECT_EQ(wrong("alice", home), seconds(1));
    now += seconds(1);
    EXPECT_EQ(wrong("alice", home), seconds(0));
    EXPECT_EQ(wrong("alice", home), seconds(2));
    now += seconds(2);
    EXPECT_EQ(wrong("alice", home), seconds(0));
    EXPECT_EQ(wrong("alice", home), seconds(4));
}

TEST_F(Throttled, GuessesNeverWaitLongerThanTheLimit) {
    for (int i = 0; i < 40; ++i) {
        auto const wait = wrong("alice", home);
        EXPECT_LE(wait, rules.longest);
        now += wait;
    }
}

TEST_F(Throttled, AccountsStayOpenToTheirOwnersElsewhere) {
    for (int i = 0; i < 5; ++i) (void)wrong("alice", home);
    EXPECT_GT(wrong("alice", home).count(), 0);
    EXPECT_EQ(right("alice", elsewhere).count(), 0);
}

TEST_F(Throttled, AddressesWaitThatTryManyAccounts) {
    for (int i = 0; i < 6; ++i) EXPECT_EQ(wrong("user" + std::to_string(i), home).count(), 0);
    EXPECT_GT(wrong("another", home).count(), 0);
    EXPECT_EQ(wrong("another", elsewhere).count(), 0);
}

TEST_F(Throttled, AttackedAccountsGiveEachAddressOneTry) {
    for (int i = 0; i < 8; ++i) EXPECT_EQ(wrong("alice", "198.51.100." + std::to_string(i)).count(), 0);
    EXPECT_EQ(wrong("alice", home).count(), 0);
    EXPECT_GT(wrong("alice", home).count(), 0);
    EXPECT_EQ(right("alice", elsewhere).count(), 0);
}

TEST_F(Throttled, RightPasswordsWipeTheSlate) {
    for (int i = 0; i < 2; ++i) (void)wrong("alice", home);
    EXPECT_EQ(right("alice", home).count(), 0);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(wrong("alice", home).count(), 0);
}

TEST_F(Throttled, AnAccountOfOnesOwnBuysNoGuesses) {
    for (int i = 0; i < 6; ++i) {
        (void)wrong("user" + std::to_string(i), home);
        (void)right("mallory", home);
    }
    EXPECT_GT(wrong("another", home).count(), 0);
}

TEST_F(Throttled, ManyAtOnceAreNoWayAround) {
    int begun = 0;
    for (int i = 0; i < 100; ++i) begun += wrong("alice", home).count() == 0 ? 1 : 0;
    EXPECT_EQ(begun, 3);
}

TEST_F(Throttled, TriesThatCameToNothingDoNotCount) {
    for (int i = 0; i < 50; ++i) {
        EXPECT_EQ(wrong("alice", home).count(), 0);
        throttle.came_to_nothing("alice", home);
    }
}

TEST_F(Throttled, OldMistakesAreForgotten) {
    for (int i = 0; i < 5; ++i) (void)wrong("alice", home);
    now += rules.memory + seconds(1);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(wrong("alice", home).count(), 0);
}

TEST(ThrottledAddresses, OfIpv6CountByTheirNetwork) {
    EXPECT_EQ(throttled_address("2001:db8:1:2::1"), throttled_address("2001:db8:1:2:ffff::9"));
    EXPECT_NE(throttled_address("2001:db8:1:2::1"), throttled_address("2001:db8:1:3::1"));
    EXPECT_EQ(throttled_address("::ffff:192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(throttled_address("192.0.2.1"), "192.0.2.1");
}

}  // namespace
}  // namespace ocilot::auth
