#include "auth/throttle.h"

#include <gtest/gtest.h>

namespace ocilot::auth {
namespace {

using std::chrono::seconds;

constexpr std::string_view home = "192.0.2.1";
constexpr std::string_view elsewhere = "192.0.2.2";

class Throttled : public testing::Test {
  protected:
    ThrottleRules const rules{.free_attempts = 3, .per_address = 6, .per_account = 8};
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
    Throttle usual{ThrottleRules{}};
    for (int i = 0; i < 40; ++i) {
        auto const wait = usual.begin("alice", home, now);
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
    EXPECT_EQ(wrong("alice", home), rules.longest);
    EXPECT_EQ(right("alice", elsewhere).count(), 0);
}

TEST_F(Throttled, AttackedAccountsStayOpenWhereTheyHaveLoggedIn) {
    EXPECT_EQ(right("alice", home).count(), 0);
    for (int i = 0; i < 8; ++i) EXPECT_EQ(wrong("alice", "198.51.100." + std::to_string(i)).count(), 0);
    for (int i = 0; i < 2; ++i) EXPECT_EQ(wrong("alice", home).count(), 0) << "typing errors";
    EXPECT_EQ(right("alice", home).count(), 0);
}

TEST_F(Throttled, AStalePasswordHoldsUpNothingButItself) {
    EXPECT_EQ(wrong("alice", home).count(), 0);
    unsigned refused = 0;
    for (int quarters = 0; quarters < 4 * 3600; ++quarters) {
        if (quarters % 4 == 0) now += seconds(1);
        refused += throttle.repeat("alice's old one", now).count() > 0 ? 1U : 0U;
    }
    EXPECT_GT(refused, 14'000U) << "it waits longer and longer";
    for (int i = 0; i < 22; ++i) EXPECT_EQ(right("user" + std::to_string(i), home).count(), 0);
    EXPECT_EQ(right("alice", home).count(), 0);
}

TEST_F(Throttled, AGuessedAccountHoldsUpNoOtherAccountOfItsAddress) {
    Throttle usual{ThrottleRules{}};
    unsigned tried = 0;
    for (int quarters = 0; quarters < 4 * 6 * 3600; ++quarters) {
        if (quarters % 4 == 0) now += seconds(1);
        tried += usual.begin("alice", home, now).count() == 0 ? 1U : 0U;
        if (quarters % 3600 == 0) {
            auto const other = "user" + std::to_string(quarters);
            EXPECT_EQ(usual.begin(other, home, now).count(), 0) << quarters;
            usual.succeeded(other, home);
        }
    }
    EXPECT_LT(tried, 100U) << "in six hours";
}

TEST_F(Throttled, TheTimeToRetryIsTrue) {
    for (int i = 0; i < 20; ++i) {
        auto const wait = wrong("alice", home);
        now += wait;
        if (wait.count() > 0) {
            now -= seconds(1);
            EXPECT_EQ(wrong("alice", home), seconds(1)) << "and trying early makes it no longer";
            now += seconds(1);
            EXPECT_EQ(wrong("alice", home).count(), 0);
        }
    }
    for (int i = 0; i < 100; ++i) {
        auto const wait = wrong("user" + std::to_string(i), elsewhere);
        now += wait;
        EXPECT_EQ(wait.count() == 0 ? 0 : wrong("user" + std::to_string(i), elsewhere).count(), 0);
    }
}

TEST_F(Throttled, TheBudgetOfAnAddressFillsUpSteadily) {
    for (int i = 0; i < 6; ++i) (void)wrong("user" + std::to_string(i), home);
    EXPECT_EQ(wrong("another", home), rules.memory / 6);
    now += rules.memory / 6;
    EXPECT_EQ(wrong("another", home).count(), 0);
    EXPECT_EQ(wrong("one more", home), rules.memory / 6);
}

TEST_F(Throttled, WhoeverHasLoggedInFromAnAddressDoesNotWaitForItsBudget) {
    EXPECT_EQ(right("alice", home).count(), 0);
    for (int i = 0; i < 7; ++i) (void)wrong("user" + std::to_string(i), home);
    EXPECT_GT(wrong("bob", home).count(), 0);
    EXPECT_EQ(right("alice", home).count(), 0);
}

TEST_F(Throttled, WorkThatIsRefusedIsPaidByItsAddressAlone) {
    for (int i = 0; i < 6; ++i) {
        EXPECT_EQ(throttle.begin("alice", home, now).count(), 0);
        throttle.refused("alice", home);
    }
    EXPECT_GT(wrong("bob", home).count(), 0) << "of an address that floods";
    EXPECT_EQ(right("alice", elsewhere).count(), 0);
    for (int i = 0; i < 7; ++i) throttle.charge(elsewhere, now);
    EXPECT_GT(wrong("bob", elsewhere).count(), 0);
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
        throttle.abandoned("alice", home);
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
