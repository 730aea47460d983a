#include "auth/decision_cache.h"

#include <gtest/gtest.h>

namespace ocilot::auth {
namespace {

using policy::Action;
using policy::Caller;
using policy::CallerKind;

Caller somebody(std::string name, std::vector<std::string> groups = {}) {
    Caller caller;
    caller.name = std::move(name);
    caller.groups = std::move(groups);
    caller.address = "192.0.2.1";
    caller.kind = CallerKind::user;
    return caller;
}

policy::Access pull(std::string_view repository) {
    return {oci::RepositoryName::parse(repository).value(), Action::pull};
}

class DecisionCacheTest : public testing::Test {
  protected:
    Time const now{std::chrono::hours(1000)};
    DecisionCache decisions{1000};

    void keep(Caller const& caller, policy::Access const& access, bool with_address = false) {
        decisions.add(DecisionKey(caller, access, with_address), 1, now + std::chrono::seconds(10),
                      {true, {}});
    }
    bool knows(Caller const& caller, policy::Access const& access, bool with_address = false) {
        return decisions.find(DecisionKey(caller, access, with_address), 1, now).has_value();
    }
};

TEST_F(DecisionCacheTest, DecisionsAreForOneCallerRepositoryAndAction) {
    keep(somebody("alice"), pull("team/app"));
    EXPECT_TRUE(knows(somebody("alice"), pull("team/app")));
    EXPECT_FALSE(knows(somebody("bob"), pull("team/app")));
    EXPECT_FALSE(knows(somebody("alice"), pull("team/lib")));
    auto push = pull("team/app");
    push.action = Action::create;
    EXPECT_FALSE(knows(somebody("alice"), push));
    auto robot = somebody("alice");
    robot.kind = CallerKind::robot;
    EXPECT_FALSE(knows(robot, pull("team/app")));
}

TEST_F(DecisionCacheTest, DecisionsAreForTheGroupsTheyWereMadeWith) {
    keep(somebody("alice", {"a", "b"}), pull("x"));
    EXPECT_FALSE(knows(somebody("alice"), pull("x")));
    EXPECT_FALSE(knows(somebody("alice", {"ab"}), pull("x")));
    EXPECT_FALSE(knows(somebody("alice", {"a"}), pull("x")));
    EXPECT_TRUE(knows(somebody("alice", {"a", "b"}), pull("x")));
}

TEST_F(DecisionCacheTest, DecisionsOfHooksAreForOneAddress) {
    auto elsewhere = somebody("alice");
    elsewhere.address = "192.0.2.2";
    keep(somebody("alice"), pull("x"), true);
    EXPECT_TRUE(knows(somebody("alice"), pull("x"), true));
    EXPECT_FALSE(knows(elsewhere, pull("x"), true));
}

TEST_F(DecisionCacheTest, DecisionsEndWithTheirTimeAndTheirGeneration) {
    DecisionKey const key(somebody("alice"), pull("x"), false);
    decisions.add(key, 7, now + std::chrono::seconds(10), {true, {}});
    EXPECT_TRUE(decisions.find(key, 7, now + std::chrono::seconds(9)).has_value());
    EXPECT_FALSE(decisions.find(key, 7, now + std::chrono::seconds(10)).has_value());
    EXPECT_FALSE(decisions.find(key, 8, now).has_value());
}

TEST_F(DecisionCacheTest, DecisionsOfCallersWithVeryManyGroupsAreMadeAnew) {
    std::vector<std::string> const many(200, "a-group-with-a-name");
    keep(somebody("alice", many), pull("x"));
    EXPECT_FALSE(knows(somebody("alice", many), pull("x")));
}

TEST_F(DecisionCacheTest, DecisionsAreNotMoreThanThereIsRoomFor) {
    for (int i = 0; i < 100'000; ++i) keep(somebody("user" + std::to_string(i)), pull("x"));
    int known = 0;
    for (int i = 0; i < 100'000; ++i) known += knows(somebody("user" + std::to_string(i)), pull("x")) ? 1 : 0;
    EXPECT_GE(known, 900);
    EXPECT_LE(known, 2100);
}

}  // namespace
}  // namespace ocilot::auth
