#include "auth/rules.h"

#include <gtest/gtest.h>

namespace ocilot::auth {
namespace {

using policy::Action;
using policy::Caller;
using policy::CallerKind;

Caller somebody(std::string name, CallerKind kind = CallerKind::user, std::vector<std::string> groups = {}) {
    Caller caller;
    caller.name = std::move(name);
    caller.kind = kind;
    caller.groups = std::move(groups);
    return caller;
}

policy::Access access(std::string_view repository, Action action) {
    return {oci::RepositoryName::parse(repository).value(), action};
}

Rules rules(std::vector<RuleText> const& texts, Groups const& groups = {}) {
    return Rules::compile(texts, groups).value();
}

bool may(Rules const& rules, Caller const& caller, std::string_view repository, Action action) {
    return rules.decide(caller, access(repository, action)).allowed;
}

TEST(Rules, LetNobodyDoWhatNoneOfThemGives) {
    auto const none = rules({});
    EXPECT_FALSE(may(none, somebody("alice"), "team/app", Action::pull));
    EXPECT_EQ(none.decide(somebody("alice"), access("team/app", Action::pull)).rule, 0U);
}

TEST(Rules, WithTheLongestPatternDecideAlone) {
    auto const made = rules({{{"**"}, {{"user:alice", {"pull", "push"}}}},
                             {{"team/**"}, {{"user:alice", {"pull"}}}},
                             {{"team/app"}, {{"user:bob", {"push"}}}}});
    EXPECT_TRUE(may(made, somebody("alice"), "other", Action::create));
    EXPECT_TRUE(may(made, somebody("alice"), "team/lib", Action::pull));
    EXPECT_FALSE(may(made, somebody("alice"), "team/lib", Action::create));
    EXPECT_FALSE(may(made, somebody("alice"), "team/app", Action::pull)) << "only the exact rule counts";
    EXPECT_TRUE(may(made, somebody("bob"), "team/app", Action::create));
    EXPECT_EQ(made.decide(somebody("bob"), access("team/app", Action::create)).rule, 3U);
}

TEST(Rules, ThatAreAsLongDecideInTheirOrder) {
    auto const made =
        rules({{{"a/*/c"}, {{"user:first", {"pull"}}}}, {{"a/b/*"}, {{"user:second", {"pull"}}}}});
    EXPECT_TRUE(may(made, somebody("first"), "a/b/c", Action::pull));
    EXPECT_FALSE(may(made, somebody("second"), "a/b/c", Action::pull));
    EXPECT_TRUE(may(made, somebody("second"), "a/b/x", Action::pull));
}

TEST(Rules, OfATreeAreAboutItsRootToo) {
    auto const made = rules({{{"team/**"}, {{"user:alice", {"pull"}}}}});
    EXPECT_TRUE(may(made, somebody("alice"), "team", Action::pull));
    EXPECT_TRUE(may(made, somebody("alice"), "team/a/b", Action::pull));
    EXPECT_FALSE(may(made, somebody("alice"), "teams", Action::pull));
}

TEST(Rules, JoinTheRightsOfAllSubjectsThatFit) {
    auto const made =
        rules({{{"**"}, {{"everyone", {"pull"}}, {"group:team", {"create"}}, {"user:alice", {"delete"}}}}},
              {{"team", {"alice"}}});
    auto const rule_decision = made.decide(somebody("alice"), access("x", Action::create));
    EXPECT_TRUE(rule_decision.allowed);
    EXPECT_EQ(rule_decision.rights.str(), "pull,create,delete");
    EXPECT_EQ(rule_decision.by, (std::vector<std::string>{"everyone", "group:team", "user:alice"}));
    EXPECT_FALSE(may(made, somebody("alice"), "x", Action::push)) << "create moves no tag";
}

TEST(Rules, GiveEverybodyWhatAnonymousCallersHave) {
    auto const made = rules({{{"**"}, {{"anonymous", {"pull"}}, {"everyone", {"push"}}}}});
    EXPECT_TRUE(may(made, {}, "x", Action::pull));
    EXPECT_FALSE(may(made, {}, "x", Action::create));
    EXPECT_TRUE(may(made, somebody("alice"), "x", Action::pull));
    EXPECT_TRUE(may(made, somebody("alice"), "x", Action::create));
}

TEST(Rules, TakeNamesOfTwoKindsForTwoCallers) {
    auto const made = rules(
        {{{"**"}, {{"user:ci", {"pull"}}, {"robot:bot", {"pull"}}, {"group:g", {"push"}}}}}, {{"g", {"ci"}}});
    EXPECT_FALSE(may(made, somebody("ci", CallerKind::robot), "x", Action::pull));
    EXPECT_FALSE(may(made, somebody("bot", CallerKind::user), "x", Action::pull));
    EXPECT_FALSE(may(made, somebody("ci", CallerKind::federated), "x", Action::pull));
    EXPECT_FALSE(may(made, somebody("ci", CallerKind::federated), "x", Action::create)) << "not by the group";
    EXPECT_TRUE(may(made, somebody("ci", CallerKind::robot), "x", Action::create)) << "members are accounts";
    EXPECT_TRUE(may(made, somebody("zoe", CallerKind::federated, {"g"}), "x", Action::create));
}

TEST(Rules, KnowFederatedNamesAndCertificatesByPattern) {
    auto const made =
        rules({{{"**"}, {{"federated:github:acme/*:main", {"push"}}, {"certificate:CN=node-*", {"pull"}}}}});
    EXPECT_TRUE(may(made, somebody("github:acme/app:main", CallerKind::federated), "x", Action::create));
    EXPECT_FALSE(may(made, somebody("github:evil/app:main", CallerKind::federated), "x", Action::create));
    EXPECT_FALSE(may(made, somebody("github:acme/app:main", CallerKind::user), "x", Action::create));
    EXPECT_TRUE(may(made, somebody("CN=node-7", CallerKind::certificate), "x", Action::pull));
}

TEST(Rules, MakeAdministratorsOnlyInTheRuleForEverything) {
    policy::Access const all{std::nullopt, Action::admin};
    auto const made = rules({{{"team/**"}, {{"user:bob", {"admin"}}}}, {{"**"}, {{"group:ops", {"admin"}}}}});
    EXPECT_TRUE(made.decide(somebody("zoe", CallerKind::user, {"ops"}), all).allowed);
    EXPECT_FALSE(made.decide(somebody("bob"), all).allowed);
    EXPECT_TRUE(may(made, somebody("bob"), "team/x", Action::remove));
    EXPECT_TRUE(may(made, somebody("zoe", CallerKind::user, {"ops"}), "other", Action::create));
    EXPECT_TRUE(may(made, somebody("zoe", CallerKind::user, {"ops"}), "team/x", Action::create))
        << "whoever administers the registry could let himself in";
    EXPECT_FALSE(may(made, somebody("bob"), "other", Action::pull));
}

TEST(Rules, WithoutAnyLetWhoeverLoggedInWork) {
    auto const made = Rules::without_any();
    for (auto const action : {Action::pull, Action::create, Action::push, Action::remove}) {
        EXPECT_TRUE(may(made, somebody("alice"), "x", action));
        EXPECT_FALSE(may(made, {}, "x", action));
    }
    EXPECT_FALSE(may(made, somebody("alice"), "x", Action::admin));
}

TEST(Rules, ThatAreWrongAreNamedByTheirNumber) {
    auto const problem = [](std::vector<RuleText> const& texts, Groups const& groups = {}) {
        auto const made = Rules::compile(texts, groups);
        return made.has_error() ? made.error().message : std::string("none");
    };
    RuleText const good{{"**"}, {{"everyone", {"pull"}}}};
    EXPECT_EQ(
        problem({good, {{"**"}, {{"usr:alice", {"pull"}}}}}),
        "rule 2 of ocilot.access: unknown subject \"usr:alice\": expected anonymous, everyone, user:NAME, "
        "group:NAME, robot:NAME, federated:PATTERN or certificate:PATTERN");
    EXPECT_EQ(
        problem({{{"**"}, {{"everyone", {"pul"}}}}}),
        "rule 1 of ocilot.access: unknown right \"pul\" of everyone: expected pull, push, create, delete or "
        "admin");
    EXPECT_NE(problem({{{"A/**"}, {{"everyone", {"pull"}}}}}), "none");
    EXPECT_NE(problem({}, {{"team", {"group:other"}}}), "none");
    EXPECT_EQ(problem({}, {{"team", {"alice", "robot:ci"}}}), "none");
}

TEST(Rules, ExplainThemselvesInOneSentence) {
    auto const made = rules({{{"team/**"}, {{"group:team", {"pull"}}}}}, {{"team", {"alice"}}});
    auto const told = [&](Caller const& caller, std::string_view repository) {
        return sentence(caller, made.decide(caller, access(repository, Action::create)));
    };
    EXPECT_EQ(told(somebody("alice"), "team/app"), "rule 1 (team/**) grants user alice pull as group:team");
    EXPECT_EQ(told(somebody("bob"), "team/app"), "rule 1 (team/**) grants user bob no rights");
    EXPECT_EQ(told({}, "other"), "no rule matches anonymous callers");
}

}  // namespace
}  // namespace ocilot::auth
