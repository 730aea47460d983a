#include "auth/ignored_pulls.h"

#include <gtest/gtest.h>

namespace ocilot::auth {
namespace {

using policy::Caller;
using policy::CallerKind;

IgnoredPulls ignored(std::vector<std::string> const& subjects, Groups const& groups = {}) {
    return IgnoredPulls::parse(subjects, groups).value();
}

Caller a_caller(std::string name, CallerKind kind = CallerKind::user) {
    Caller caller;
    caller.name = std::move(name);
    caller.kind = kind;
    return caller;
}

TEST(IgnoredPulls, AreThoseOfTheSubjectsAlone) {
    auto const some = ignored({"robot:scanner", "group:mirrors", "federated:repo:team/*"},
                              {{"mirrors", {"robot:sync", "carol"}}});
    EXPECT_TRUE(some.contain(a_caller("scanner", CallerKind::robot), ""));
    EXPECT_FALSE(some.contain(a_caller("scanner"), "")) << "a user of the same name";
    EXPECT_TRUE(some.contain(a_caller("sync", CallerKind::robot), ""));
    EXPECT_TRUE(some.contain(a_caller("carol"), ""));
    EXPECT_TRUE(some.contain(a_caller("repo:team/app", CallerKind::federated), ""));
    EXPECT_FALSE(some.contain(Caller(), "Trivy/0.5"));
    auto member = a_caller("dave");
    member.groups = {"mirrors"};
    EXPECT_TRUE(some.contain(member, ""));
}

TEST(IgnoredPulls, AreThoseOfAnAdministratorOnlyIfNamed) {
    auto admin = a_caller("boss");
    admin.admin = true;
    EXPECT_FALSE(ignored({"robot:scanner"}).contain(admin, ""));
    EXPECT_TRUE(ignored({"user:boss"}).contain(admin, ""));
}

TEST(IgnoredPulls, CanBeThoseOfAProgram) {
    auto const some = ignored({"user-agent:Trivy*", "user-agent:*renovate*"});
    EXPECT_TRUE(some.by_user_agent());
    EXPECT_TRUE(some.contain(Caller(), "Trivy/0.5"));
    EXPECT_TRUE(some.contain(a_caller("ann"), "got (github.com/renovatebot)"));
    EXPECT_FALSE(some.contain(Caller(), "docker/27.0"));
    EXPECT_FALSE(some.contain(Caller(), ""));
}

TEST(IgnoredPulls, AreNoneUnlessConfigured) {
    EXPECT_FALSE(ignored({}).contain(a_caller("ann"), "docker/27.0"));
    EXPECT_FALSE(ignored({}).by_user_agent());
}

TEST(IgnoredPulls, AreNeverThoseOfAll) {
    for (auto const* const text : {"anonymous", "everyone", "user-agent:", "scanner", "robot:", ""}) {
        auto const made = IgnoredPulls::parse({text}, {});
        ASSERT_TRUE(made.has_error()) << text;
        EXPECT_EQ(made.error().code, Errc::config);
        EXPECT_NE(made.error().message.find("ocilot.pulls.ignore"), std::string::npos)
            << made.error().message;
    }
}

}  // namespace
}  // namespace ocilot::auth
