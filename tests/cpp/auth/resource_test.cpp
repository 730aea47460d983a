#include "auth/resource.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace ocilot;
using namespace ocilot::auth;
using policy::Action;
using testing::HasSubstr;

namespace {

policy::Access on(std::string_view repository, Action action) {
    return {oci::RepositoryName::parse(repository).value(), action};
}

std::shared_ptr<policy::CredentialScope const> robot(std::vector<std::string> const& scopes) {
    return parse_robot_scopes(scopes).value();
}

}  // namespace

TEST(Scope, IsReadAsClientsWriteIt) {
    auto const scope =
        parse_scope("repository:team/app:push,pull repository(plugin):x:pull registry:catalog:*");
    ASSERT_TRUE(scope.has_value());
    ASSERT_EQ(scope->size(), 3U);
    EXPECT_EQ(to_scope(*scope), "repository:team/app:pull,push repository:x:pull registry:catalog:*");
    EXPECT_TRUE((*scope)[2].catalog());
    EXPECT_FALSE((*scope)[0].catalog());
}

TEST(Scope, LetsANameHaveColons) {
    auto const scope = parse_scope("repository:localhost:5000/team/app:pull").value();
    ASSERT_EQ(scope.size(), 1U);
    EXPECT_EQ(scope[0].type, "repository");
    EXPECT_EQ(scope[0].name, "localhost:5000/team/app");
    EXPECT_EQ(scope[0].rights.str(), "pull");
}

TEST(Scope, ThatIsEmptyAsksForNothing) {
    EXPECT_TRUE(parse_scope("").value().empty());
    EXPECT_TRUE(parse_scope("  ").value().empty());
}

TEST(Scope, GivesNothingForActionsAndTypesItDoesNotKnow) {
    auto const scope = parse_scope("repository:a:pull,sing,admin thing:a:pull registry:catalog:pull").value();
    EXPECT_EQ(scope[0].rights.str(), "pull");
    EXPECT_FALSE(scope[1].repository());
    EXPECT_FALSE(scope[2].catalog());
    auto const allowance = credential_scope(scope);
    EXPECT_TRUE(allowance->covers(on("a", Action::pull)));
    EXPECT_FALSE(allowance->covers(on("a", Action::create)));
    EXPECT_FALSE(allowance->covers(on("a", Action::admin)));
    EXPECT_FALSE(allowance->covers_catalog());
}

TEST(Scope, OutOfTheGrammarIsRefused) {
    for (std::string const text :
         {"repository", "repository:a", "repository:a:", ":a:pull", "repository::pull", "Repository:a:pull",
          "repository(:a:pull", "repository():a:pull", "repository(X):a:pull", "repository(a)b:a:pull",
          "repository:a:pull,", "repository:a:,pull", "repository:a:Pull", "repository:a\tb:pull",
          "repository:a\"b:pull", "repository:a,b:pull", "repository:\xc3\xa4:pull", "a:b:c:d:"}) {
        auto const scope = parse_scope(text);
        ASSERT_TRUE(scope.has_error()) << text;
        EXPECT_EQ(scope.error().code, Errc::bad_request);
    }
}

TEST(Scope, NamesEachRepositoryOnce) {
    auto const scope = parse_scope("repository:a:pull repository:b:pull repository:a:push,pull thing:a:pull");
    EXPECT_EQ(to_scope(*scope), "repository:a:pull,push repository:b:pull thing:a:pull");
}

TEST(Scope, OfManyCountsTheFirst) {
    std::string many;
    for (int i = 0; i < 300; ++i) many += "repository:r" + std::to_string(i) + ":pull ";
    auto const first = parse_scope(many).value();
    ASSERT_EQ(first.size(), max_resources);
    EXPECT_EQ(first.back().name, "r99");
    std::string same;
    for (int i = 0; i < 300; ++i) same += "repository:a:pull ";
    EXPECT_EQ(to_scope(parse_scope(same + "repository:a:push").value()), "repository:a:pull,push");
    std::string long_ones;
    for (int i = 0; i < 50; ++i) {
        long_ones +=
            "repository:" + std::string(200, static_cast<char>('a' + i % 26)) + std::to_string(i) + ":pull ";
    }
    auto const within = parse_scope(long_ones).value();
    EXPECT_LT(within.size(), 50U);
    EXPECT_LE(to_scope(within).size(), longest_scope + max_resources);
    EXPECT_TRUE(parse_scope(std::string(100'000, ' ')).value().empty());
    EXPECT_TRUE(parse_scope("repository:" + std::string(longest_scope, 'a') + ":pull").value().empty());
}

TEST(Scope, CoversExactlyTheRepositoryItNames) {
    auto const allowance =
        credential_scope(parse_scope("repository:team/*:pull repository:team/app:*").value());
    EXPECT_TRUE(allowance->covers(on("team/app", Action::remove)));
    EXPECT_TRUE(allowance->covers(on("team/app", Action::push)));
    EXPECT_FALSE(allowance->covers(on("team/app", Action::admin)));
    EXPECT_FALSE(allowance->covers(on("team/other", Action::pull)));
}

TEST(RobotScopes, ArePatterns) {
    auto const allowance =
        robot({"repository:team/**:pull,create", "repository:base:*", "registry:catalog:*"});
    EXPECT_TRUE(allowance->covers(on("team/a/b", Action::pull)));
    EXPECT_TRUE(allowance->covers(on("team/a/b", Action::create)));
    EXPECT_FALSE(allowance->covers(on("team/a/b", Action::push)));
    EXPECT_TRUE(allowance->covers(on("base", Action::remove)));
    EXPECT_FALSE(allowance->covers(on("base", Action::admin)));
    EXPECT_FALSE(allowance->covers(on("teams", Action::pull)));
    EXPECT_TRUE(allowance->covers_catalog());
}

TEST(RobotScopes, ThatAreNoneLimitNothing) {
    EXPECT_EQ(robot({}), nullptr);
}

TEST(RobotScopes, AreRefusedForEveryWordThatIsNotKnown) {
    for (std::string const text :
         {"repository:team/**:sing", "repository:team/**:pull,", "repository:Team:pull",
          "repository:**a:pull", "registry:catalog:pull", "registry:x:*", "thing:a:pull", "team/**", ""}) {
        auto const scopes = parse_robot_scopes(std::vector{text});
        ASSERT_TRUE(scopes.has_error()) << text;
        EXPECT_EQ(scopes.error().code, Errc::bad_request);
    }
}
