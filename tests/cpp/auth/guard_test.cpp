#include "auth/guard.h"

#include "run.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace ocilot::auth {
namespace {

using policy::Action;
using policy::Caller;
using policy::CallerKind;
using policy::Decision;

struct MovedClock final : Clock {
    Time time{std::chrono::hours(1000)};
    [[nodiscard]] Time now() const override { return time; }
};

/// A hook that says what it is told to, and counts who asks.
class Hook final : public policy::OpenGate {
  public:
    std::optional<Decision> answer;
    int asked = 0;
    bool fails = false;
    bool only_named = false;
    std::uint64_t scripts = 1;

    [[nodiscard]] bool asks(policy::Point point) const noexcept override {
        return point == policy::Point::authorize;
    }
    [[nodiscard]] std::uint64_t generation() const noexcept override { return scripts; }
    Task<Result<std::optional<Decision>>> authorize(Caller const& caller, policy::Access const&) override {
        ++asked;
        if (only_named && caller.anonymous()) co_return Decision::deny("only named callers");
        if (fails) co_return Error{Errc::unavailable, "the hook does not answer"};
        co_return answer;
    }
};

class Guarded : public testing::Test {
  protected:
    Caller alice() {
        Caller caller;
        caller.name = "alice";
        caller.kind = CallerKind::user;
        caller.address = "192.0.2.1";
        return caller;
    }
    policy::Access pull() { return {oci::RepositoryName::parse("team/app").value(), Action::pull}; }
    Result<> require(Caller const& caller) { return ocilot::test::run(guard.require(caller, pull())); }

    MovedClock clock;
    Metrics metrics;
    MemorySink sink;
    Log log{sink, clock, LogFormat::text, LogLevel::debug};
    Hook hook;
    Guard guard{GuardParts{.gate = hook, .clock = clock, .log = log, .metrics = metrics}};
};

TEST_F(Guarded, CallersAreDecidedByTheHookAndElseByTheRules) {
    hook.answer = Decision::deny("closed on Sundays");
    auto const refused = require(alice());
    ASSERT_TRUE(refused.has_error());
    EXPECT_EQ(refused.error().code, Errc::denied);
    EXPECT_EQ(refused.error().message, "closed on Sundays");
    hook.scripts = 2;
    hook.answer.reset();
    EXPECT_TRUE(require(alice()).has_value()) << "without rules whoever logged in may";
    EXPECT_EQ(require({}).error().code, Errc::unauthorized);
}

TEST_F(Guarded, AnswersOfHooksHoldAsLongAsTheySay) {
    hook.answer = Decision::allow();
    hook.answer->ttl = std::chrono::seconds(5);
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(require(alice()).has_value());
    EXPECT_EQ(hook.asked, 1);
    EXPECT_TRUE(guard.known_to_allow(alice(), pull()));
    clock.time += std::chrono::seconds(6);
    EXPECT_FALSE(guard.known_to_allow(alice(), pull()));
    EXPECT_TRUE(require(alice()).has_value());
    EXPECT_EQ(hook.asked, 2);
}

TEST_F(Guarded, AnswersOfOldScriptsAndOldRulesCountNoMore) {
    hook.answer = Decision::allow();
    EXPECT_TRUE(require(alice()).has_value());
    hook.scripts = 2;
    EXPECT_FALSE(guard.known_to_allow(alice(), pull()));
    EXPECT_TRUE(require(alice()).has_value());
    EXPECT_TRUE(guard.known_to_allow(alice(), pull()));
    guard.set_rules(std::make_shared<Rules const>(Rules::compile({}, {}).value()));
    EXPECT_FALSE(guard.known_to_allow(alice(), pull()));
}

TEST_F(Guarded, FailuresOfHooksRefuseAndAreNotRemembered) {
    hook.fails = true;
    EXPECT_EQ(require(alice()).error().code, Errc::unavailable);
    hook.fails = false;
    hook.answer = Decision::allow();
    EXPECT_TRUE(require(alice()).has_value());
}

TEST_F(Guarded, AdministratorsAreNotAskedAbout) {
    auto boss = alice();
    boss.admin = true;
    hook.answer = Decision::deny("never");
    EXPECT_TRUE(require(boss).has_value());
    EXPECT_EQ(hook.asked, 0);
}

TEST_F(Guarded, LimitsOfCredentialsHoldWhateverIsDecided) {
    hook.answer = Decision::allow();
    auto limited = alice();
    limited.limit = std::make_shared<policy::CredentialScope const>();
    EXPECT_TRUE(require(limited).has_value()) << "what anonymous callers may do, all may";
    hook.only_named = true;
    ++hook.scripts;
    auto const refused = require(limited);
    ASSERT_TRUE(refused.has_error());
    EXPECT_EQ(refused.error().code, Errc::unauthorized);
    EXPECT_FALSE(guard.known_to_allow(limited, pull()));
}

TEST_F(Guarded, CallersWithACertificateAreKnownByIt) {
    auto const caller = guard.recall({.address = "192.0.2.1", .certificate = "node-7"});
    ASSERT_TRUE(caller);
    EXPECT_EQ(caller->name, "node-7");
    EXPECT_EQ(caller->kind, CallerKind::certificate);
}

TEST_F(Guarded, ACertificateBesidesOtherAuthIsNoLogin) {
    Guard locked{GuardParts{.gate = hook,
                            .clock = clock,
                            .log = log,
                            .metrics = metrics,
                            .anything = true,
                            .certificates = false}};
    RequestCredentials const presented{.address = "192.0.2.1", .certificate = "node-7"};
    EXPECT_TRUE(locked.recall(presented)->anonymous()) << "distribution wants the password, too";
    locked.set_rules(std::make_shared<Rules const>(Rules::compile({}, {}).value()));
    EXPECT_EQ(locked.recall(presented)->name, "node-7") << "rules can name it";
}

TEST_F(Guarded, ATokenWithoutASubjectGivesExactlyWhatItSays) {
    policy::OpenGate nobody;
    Guard guarded{
        GuardParts{.gate = nobody, .clock = clock, .log = log, .metrics = metrics, .tokens_decide = true}};
    Caller holder;
    auto limit = std::make_shared<policy::CredentialScope>();
    limit->add(std::string("team/app"), policy::Rights().add(policy::Rights::Right::pull));
    holder.limit = limit;
    auto const may = [&](Caller const& caller, std::string_view name, Action action) {
        policy::Access const access{oci::RepositoryName::parse(name).value(), action};
        auto const required = ocilot::test::run(guarded.require(caller, access));
        EXPECT_EQ(guarded.known_to_allow(caller, access), required.has_value());
        EXPECT_EQ(ocilot::test::run(guarded.may(caller, access)).value(), required.has_value());
        if (required.has_error()) EXPECT_EQ(required.error().code, Errc::unauthorized);
        return required.has_value();
    };
    for (int round = 0; round < 2; ++round) {
        EXPECT_TRUE(may(holder, "team/app", Action::pull));
        for (auto const action : {Action::create, Action::push, Action::remove, Action::admin}) {
            EXPECT_FALSE(may(holder, "team/app", action));
        }
        EXPECT_FALSE(may(holder, "team/other", Action::pull));
        EXPECT_FALSE(may({}, "team/app", Action::pull)) << "without a token";
    }
    EXPECT_TRUE(ocilot::test::run(guarded.require(holder, {})).has_value()) << "the ping";
    EXPECT_TRUE(ocilot::test::run(guarded.require({}, {})).has_error());
    EXPECT_TRUE(ocilot::test::run(guarded.require(holder, {{}, Action::admin})).has_error());
    EXPECT_TRUE(guarded.require_catalog(holder).has_error());
    limit->add_catalog();
    EXPECT_TRUE(guarded.require_catalog(holder).has_value());
    guarded.set_rules(std::make_shared<Rules const>(
        Rules::compile({{{"team/**"}, {{"everyone", {"pull"}}}}, {{"public"}, {{"anonymous", {"pull"}}}}}, {})
            .value()));
    EXPECT_FALSE(may(holder, "team/app", Action::pull)) << "with rules it is of nobody, who may only";
    policy::Access const open_to_all{oci::RepositoryName::parse("public").value(), Action::pull};
    EXPECT_TRUE(ocilot::test::run(guarded.require(holder, open_to_all)).has_value())
        << "what anonymous callers may do, all may";
    EXPECT_FALSE(may(holder, "public", Action::create));
}

TEST_F(Guarded, DecisionsAreExplained) {
    hook.answer = Decision::deny("closed on Sundays");
    hook.answer->by = "hooks/sunday.py";
    auto const by_hook = ocilot::test::run(guard.explain(alice(), pull())).value();
    EXPECT_FALSE(by_hook.allowed);
    EXPECT_EQ(by_hook.by, "hook");
    EXPECT_EQ(by_hook.sentence, "hook hooks/sunday.py denies it: closed on Sundays");
    hook.answer.reset();
    auto const rules = Rules::compile({{{"team/**"}, {{"user:alice", {"pull"}}}}}, {}).value();
    guard.set_rules(std::make_shared<Rules const>(rules));
    auto const by_rule = ocilot::test::run(guard.explain(alice(), pull())).value();
    EXPECT_TRUE(by_rule.allowed);
    EXPECT_EQ(by_rule.by, "rule");
    EXPECT_EQ(by_rule.sentence, "rule 1 (team/**) grants user alice pull as user:alice");
}

/// What a caller reads who may not do `action`, with a repository and without.
struct ActionWords {
    Action action;
    std::string_view infinitive;
    std::string_view gerund;
    std::string_view of_all;
};

constexpr ActionWords action_words[] = {
    {Action::pull, "pull from team/app", "pulling from team/app", "using this registry"},
    {Action::create, "push to team/app", "pushing to team/app", "using this registry"},
    {Action::push, "move tags in team/app", "moving tags in team/app", "using this registry"},
    {Action::remove, "delete from team/app", "deleting from team/app", "using this registry"},
    {Action::admin, "administer team/app", "administering team/app", "administering this registry"}};

TEST_F(Guarded, RefusalsOfEveryActionAreEnglish) {
    guard.set_rules(std::make_shared<Rules const>(Rules::compile({}, {}).value()));
    auto limited = alice();
    limited.limit = std::make_shared<policy::CredentialScope const>();
    limited.admin = true;
    auto const told = [&](Caller const& caller, policy::Access access) {
        ++hook.scripts;
        return ocilot::test::run(guard.require(caller, std::move(access))).error().message;
    };
    auto const by_policy = [](std::string_view gerund) {
        return fmt::format("a policy does not allow {}; contact the operator of this registry", gerund);
    };
    for (auto const& [action, infinitive, gerund, of_all] : action_words) {
        policy::Access const access{oci::RepositoryName::parse("team/app").value(), action};
        hook.answer.reset();
        EXPECT_EQ(told(alice(), access),
                  fmt::format("user alice may not {}: no rule matches user alice", infinitive));
        EXPECT_EQ(told({}, access), fmt::format("login required to {}", infinitive));
        EXPECT_EQ(told(limited, access),
                  fmt::format("these credentials do not allow {}; use other credentials", gerund));
        hook.answer = Decision::deny({});
        EXPECT_EQ(told(alice(), access), by_policy(gerund));
        EXPECT_EQ(told(alice(), {std::nullopt, action}), by_policy(of_all));
    }
}

TEST_F(Guarded, RefusalsAreLoggedWithTheNameOfTheAction) {
    guard.set_rules(std::make_shared<Rules const>(Rules::compile({}, {}).value()));
    policy::Access const removal{oci::RepositoryName::parse("team/app").value(), Action::remove};
    EXPECT_EQ(ocilot::test::run(guard.require(alice(), removal)).error().code, Errc::denied);
    EXPECT_NE(sink.text().find("action=delete"), std::string::npos) << sink.text();
}

TEST(OpenRegistries, LetNobodyAdministerThem) {
    policy::OpenGate gate;
    Guard guard(gate);
    policy::Access const administer{std::nullopt, Action::admin};
    EXPECT_EQ(ocilot::test::run(guard.require({}, administer)).error().code, Errc::denied);
    Caller local;
    local.name = "local";
    local.admin = true;
    EXPECT_TRUE(ocilot::test::run(guard.require(local, administer)).has_value());
}

TEST(AuthorizationHeaders, AreReadAsTheirSchemesSay) {
    auto const basic = parse_basic("bAsIc  YWxpY2U6YTpi");
    ASSERT_TRUE(basic);
    EXPECT_EQ(basic->name, "alice");
    EXPECT_EQ(basic->password, "a:b");
    EXPECT_FALSE(parse_basic("Basic YWxpY2U"));
    EXPECT_FALSE(parse_basic("Bearer YWxpY2U6YTpi"));
    EXPECT_FALSE(parse_basic("Basic"));
    EXPECT_EQ(parse_bearer("Bearer a.b.c "), "a.b.c");
    EXPECT_FALSE(parse_bearer("Bearer "));
    EXPECT_FALSE(parse_bearer("Bearera.b.c"));
}

}  // namespace
}  // namespace ocilot::auth
