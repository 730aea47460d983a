#include "auth/federation.h"

#include "fixed_clock.h"
#include "jose/test_key.h"
#include "run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <utility>

using namespace ocilot;
using namespace ocilot::auth;
using namespace ocilot::test;
using policy::Action;
using testing::HasSubstr;

namespace {

// As they are in the manuals of those who make them, with times that suit FixedClock.
constexpr char const* github =
    R"({"jti":"e1","sub":"repo:Octo-Org/app:environment:production","environment":"production",)"
    R"("aud":"registry.example.com","ref":"refs/heads/main","sha":"5f5","repository":"Octo-Org/app",)"
    R"("repository_owner":"Octo-Org","actor_id":"12","repository_visibility":"private","repository_id":"74",)"
    R"("repository_owner_id":"65","run_id":"1","run_number":"10","run_attempt":"2",)"
    R"("runner_environment":"github-hosted","actor":"octocat","workflow":"release","head_ref":"","base_ref":"",)"
    R"("event_name":"push","ref_type":"branch","job_workflow_ref":"Octo-Org/ci/.github/workflows/oidc.yml@refs/heads/main",)"
    R"("iss":"https://token.actions.githubusercontent.com","nbf":1799999400,"exp":1800000300,"iat":1800000000})";
constexpr char const* gitlab =
    R"({"namespace_id":"72","namespace_path":"my-group","project_id":"20","project_path":"my-group/my-project",)"
    R"("user_id":"1","user_login":"sample-user","user_email":"sample-user@example.com","pipeline_id":"574",)"
    R"("pipeline_source":"push","job_id":"302","ref":"main","ref_type":"branch","ref_path":"refs/heads/main",)"
    R"("ref_protected":"true","groups_direct":["my-group","other-group"],"runner_id":1,)"
    R"("runner_environment":"self-hosted","sha":"714","iss":"https://gitlab.example.com","iat":1800000000,)"
    R"("nbf":1799999995,"exp":1800000300,"sub":"project_path:my-group/my-project:ref_type:branch:ref:main",)"
    R"("aud":"registry.example.com"})";
constexpr char const* kubernetes =
    R"({"aud":["registry.example.com"],"exp":1800003600,"iat":1800000000,"iss":"https://kubernetes.default.svc.cluster.local",)"
    R"("jti":"ea28","kubernetes.io":{"namespace":"build","node":{"name":"n1","uid":"646e"},"pod":{"name":"p","uid":"60f7"},)"
    R"("serviceaccount":{"name":"pusher","uid":"14ee"}},"nbf":1800000000,"sub":"system:serviceaccount:build:pusher"})";

FederatedIssuer of_github(FederationRule rule) {
    return {
        "github", "https://token.actions.githubusercontent.com", "registry.example.com", {std::move(rule)}};
}
FederatedIssuer of_gitlab(FederationRule rule) {
    return {"gitlab", "https://gitlab.example.com", "registry.example.com", {std::move(rule)}};
}
FederatedIssuer of_kubernetes(FederationRule rule) {
    return {
        "cluster", "https://kubernetes.default.svc.cluster.local", "registry.example.com", {std::move(rule)}};
}

/// What an issuer alone makes of claims.
Result<policy::Caller> caller(FederatedIssuer const& issuer, std::string_view claims) {
    auto const federation = Federation::make({issuer});
    EXPECT_TRUE(federation.has_value()) << federation.error().message;
    return federation->caller(issuer, claims);
}

std::string why_not(FederatedIssuer const& issuer, std::string_view claims) {
    auto const made = caller(issuer, claims);
    if (!made.has_error()) return made->name;
    EXPECT_EQ(made.error().code, Errc::unauthorized);
    return made.error().message;
}

bool covers(policy::Caller const& caller, std::string_view repository, Action action) {
    return caller.limit->covers({oci::RepositoryName::parse(repository).value(), action});
}

std::string why_no_federation(std::vector<FederatedIssuer> issuers) {
    auto const made = Federation::make(std::move(issuers));
    if (!made.has_error()) return "it is one";
    EXPECT_EQ(made.error().code, Errc::config);
    return made.error().message;
}

}  // namespace

TEST(Federation, KnowsAWorkflowOfGitHub) {
    auto const made =
        caller(of_github({{{"repository", {"Octo-Org/*"}}, {"ref", {"refs/heads/main", "refs/tags/v*"}}},
                          "github/{repository}",
                          {"ci"},
                          {"repository:{repository|lower}/**:pull,push", "registry:catalog:*"}}),
               github);
    ASSERT_TRUE(made.has_value()) << made.error().message;
    EXPECT_EQ(made->name, "github/Octo-Org/app");
    EXPECT_EQ(made->kind, policy::CallerKind::federated);
    EXPECT_EQ(made->groups, std::vector<std::string>{"ci"});
    EXPECT_FALSE(made->admin);
    EXPECT_TRUE(covers(*made, "octo-org/app/image", Action::push));
    EXPECT_FALSE(covers(*made, "octo-org/app/image", Action::remove));
    EXPECT_FALSE(covers(*made, "octo-org/other", Action::pull));
    EXPECT_TRUE(made->limit->covers_catalog());
}

TEST(Federation, KnowsAJobOfGitLab) {
    auto const made =
        caller(of_gitlab({{{"groups_direct", {"my-*"}}, {"ref_protected", {"true"}}, {"runner_id", {"1"}}},
                          "gitlab-{user_login}",
                          {},
                          {"repository:{project_path}:pull,create"}}),
               gitlab);
    ASSERT_TRUE(made.has_value()) << made.error().message;
    EXPECT_EQ(made->name, "gitlab-sample-user");
    EXPECT_TRUE(covers(*made, "my-group/my-project", Action::create));
    EXPECT_FALSE(covers(*made, "my-group/my-project", Action::push));
}

TEST(Federation, KnowsAServiceAccountOfKubernetes) {
    auto const made =
        caller(of_kubernetes({{{"sub", {"system:serviceaccount:build:*"}}},
                              "k8s/{kubernetes.io/namespace}/{kubernetes.io/serviceaccount/name}",
                              {},
                              {"repository:{kubernetes.io/namespace}/**:pull"}}),
               kubernetes);
    ASSERT_TRUE(made.has_value()) << made.error().message;
    EXPECT_EQ(made->name, "k8s/build/pusher");
    EXPECT_TRUE(covers(*made, "build/app", Action::pull));
}

TEST(Federation, LimitsNothingWithoutScopes) {
    auto const made = caller(of_gitlab({{{"project_path", {"my-group/*"}}}, "ci"}), gitlab);
    ASSERT_TRUE(made.has_value());
    EXPECT_EQ(made->limit, nullptr);
}

TEST(Federation, WantsEveryClaimOfARule) {
    auto const with = [](std::map<std::string, std::vector<std::string>> claims) {
        return why_not(of_gitlab({std::move(claims), "ci"}), gitlab);
    };
    EXPECT_EQ(with({{"project_path", {"my-group/*"}}, {"ref", {"main"}}}), "ci");
    EXPECT_EQ(with({{"ref", {"other", "ma*"}}}), "ci");
    EXPECT_THAT(with({{"project_path", {"my-group/*"}}, {"ref", {"release"}}}),
                HasSubstr("no rule of issuer"));
    EXPECT_THAT(with({{"project_path", {"my-group"}}}), HasSubstr("no rule of issuer"));
    EXPECT_THAT(with({{"project_path", {"group/my-project"}}}), HasSubstr("no rule of issuer")) << "anchored";
    EXPECT_THAT(with({{"environment", {"*"}}}), HasSubstr("no rule of issuer"))
        << "a missing claim fits nothing";
    EXPECT_THAT(with({{"groups_direct", {"third-*"}}}), HasSubstr("no rule of issuer"));
}

TEST(Federation, TakesTheFirstRuleThatFits) {
    auto issuer = of_gitlab({{{"ref", {"release"}}}, "first"});
    issuer.rules.push_back({{{"ref", {"main"}}}, "second"});
    issuer.rules.push_back({{{"ref", {"*"}}}, "third"});
    EXPECT_EQ(why_not(issuer, gitlab), "second");
}

TEST(Federation, MakesNoTwoSubjectsOneName) {
    auto const named = [](std::string const& value) {
        return why_not(of_gitlab({{{"sub", {"*"}}}, "ci-{sub}"}), R"({"sub":")" + value + R"("})");
    };
    EXPECT_EQ(named("a b\\u0000\\n\\\"c"), "ci-a%20b%00%0A%22c");
    EXPECT_EQ(named("\xc3\xa4"), "ci-%C3%A4");
    EXPECT_THAT(named(std::string(200, 'a')), HasSubstr("too long"));
}

TEST(Federation, RefusesWhomItCannotName) {
    auto const named = [](std::string const& name, std::string const& claims) {
        return why_not(of_gitlab({{{"ref", {"main"}}}, name}), claims);
    };
    EXPECT_THAT(named("{sub}", R"({"ref":"main"})"), HasSubstr("missing"));
    EXPECT_THAT(named("{sub}", R"({"ref":"main","sub":""})"), HasSubstr("empty name"))
        << "would be anonymous";
    EXPECT_THAT(named("{sub}", R"({"ref":"main","sub":["a"]})"), HasSubstr("not a single value"));
    EXPECT_THAT(named("{sub}", R"({"ref":"main","sub":null})"), HasSubstr("not a single value"));
    EXPECT_THAT(named("ci", R"({"ref":"main","ref":"other"})"), HasSubstr("duplicate"));
    EXPECT_THAT(named("ci", "[]"), HasSubstr("object"));
}

TEST(Federation, LetsNoClaimWidenAScope) {
    auto const scoped = [](std::string const& value) {
        return why_not(of_gitlab({{{"ref", {"*"}}}, "ci", {}, {"repository:ci/{ref}/**:pull,push"}}),
                       R"({"ref":")" + value + R"("})");
    };
    EXPECT_EQ(scoped("main"), "ci");
    for (std::string const value :
         {"**", "*", "a*", "../b", "a:pull,push,delete", "", "A", "a b", "/", "a/", "main repository:**"}) {
        EXPECT_THAT(scoped(value), HasSubstr("not a repository name")) << value;
    }
}

TEST(Federation, IsRefusedAtStartIfItWouldLetInAnybody) {
    FederationRule const rule{{{"sub", {"a"}}}, "ci"};
    EXPECT_EQ(why_no_federation({of_github(rule), of_gitlab(rule)}), "it is one");
    EXPECT_EQ(why_no_federation({}), "it is one");
    EXPECT_THAT(why_no_federation({of_github({{}, "ci"})}), HasSubstr("match every token"));
    EXPECT_THAT(why_no_federation({of_github({{{"sub", {}}}, "ci"})}), HasSubstr("no pattern"));
    EXPECT_THAT(why_no_federation({of_github({{{"sub", {""}}}, "ci"})}), HasSubstr("empty pattern"));
    EXPECT_THAT(why_no_federation({of_github({{{"sub", {"a"}}}, ""})}), HasSubstr("name"));
    EXPECT_THAT(why_no_federation({of_github({{{"sub", {"a"}}}, "{sub"})}), HasSubstr("brace"));
    EXPECT_THAT(why_no_federation({of_github({{{"sub", {"a"}}}, "ci", {}, {"repository:{sub:pull"}})}),
                HasSubstr("brace"));
    EXPECT_THAT(why_no_federation({of_github({{{"sub", {"a"}}}, "ci", {}, {"repository:{sub}/**:sing"}})}),
                HasSubstr("unknown action"));
    EXPECT_THAT(why_no_federation({of_github(rule), of_github(rule)}), HasSubstr("duplicate"));
    EXPECT_THAT(why_no_federation({{"x", "", "registry", {rule}}}), HasSubstr("missing issuer"));
    EXPECT_THAT(why_no_federation({{"x", "https://x", "", {rule}}}), HasSubstr("audience"));
    EXPECT_THAT(why_no_federation({{"x", "https://x", "registry", {}}}), HasSubstr("rules"));
}

namespace {

/// Keys of issuers, and what was asked for.
class FixedKeys final : public KeySource {
  public:
    void add(std::string const& issuer, TestKey const& key) {
        auto keys = std::make_shared<jose::PublicKeys>();
        EXPECT_TRUE(keys->add_jwks(key.jwks(R"("kid":"k1",)")));
        keys_[issuer] = std::move(keys);
    }
    Task<Result<std::shared_ptr<jose::PublicKeys const>>> keys(std::string issuer, std::string kid) override {
        asked.emplace_back(issuer, kid);
        auto const found = keys_.find(issuer);
        if (found == keys_.end()) co_return Error{Errc::unavailable, "the keys cannot be fetched"};
        co_return found->second;
    }
    std::vector<std::pair<std::string, std::string>> asked;

  private:
    std::map<std::string, std::shared_ptr<jose::PublicKeys const>> keys_;
};

class ForeignLogin : public testing::Test {
  protected:
    ForeignLogin() { keys.add("https://gitlab.example.com", key); }
    Result<FederatedLogin> login(std::string const& token) {
        return run(federation.login(token, keys, clock.now()));
    }
    std::string why_not(std::string const& token) {
        auto const made = login(token);
        return made.has_error() ? made.error().message : "it is good";
    }

    FixedClock clock;
    TestKey key = TestKey::rsa();
    FixedKeys keys;
    std::string header = R"({"typ":"JWT","alg":"RS256","kid":"k1"})";
    Federation federation = Federation::make({of_gitlab({{{"ref", {"main"}}}, "gitlab-{project_id}"}),
                                              of_github({{{"ref", {"*"}}}, "github-{repository_id}"})})
                                .value();
};

}  // namespace

TEST_F(ForeignLogin, MakesACallerOfATokenOfABelievedIssuer) {
    auto const made = login(key.token(header, gitlab, "RS256"));
    ASSERT_TRUE(made.has_value()) << made.error().message;
    EXPECT_EQ(made->caller.name, "gitlab-20");
    EXPECT_EQ(made->issuer, "gitlab");
    EXPECT_EQ(made->subject, "project_path:my-group/my-project:ref_type:branch:ref:main");
    EXPECT_EQ(made->expires_at, clock.now() + std::chrono::seconds(300));
    EXPECT_THAT(keys.asked, testing::ElementsAre(std::pair("https://gitlab.example.com", "k1")));
}

TEST_F(ForeignLogin, AsksForKeysOnlyOfIssuersThatAreBelieved) {
    EXPECT_THAT(why_not(key.token(header, kubernetes, "RS256")), HasSubstr("its issuer is not configured"));
    EXPECT_THAT(why_not("a.b"), HasSubstr("three parts"));
    EXPECT_TRUE(keys.asked.empty());
}

TEST_F(ForeignLogin, OfOneIssuerIsNotThatOfAnother) {
    keys.add("https://token.actions.githubusercontent.com", TestKey::fresh_rsa());
    EXPECT_THAT(why_not(key.token(header, github, "RS256")), HasSubstr("signature"));
}

TEST_F(ForeignLogin, FailsWhenTheKeysCannotBeHad) {
    auto const made = login(key.token(header, github, "RS256"));
    ASSERT_TRUE(made.has_error());
    EXPECT_EQ(made.error().code, Errc::unavailable);
}

TEST_F(ForeignLogin, IsForThisRegistryAndItsTime) {
    std::string other(gitlab);
    other.replace(other.find("registry.example.com"), 8, "registrx");
    EXPECT_THAT(why_not(key.token(header, other, "RS256")), HasSubstr("audience"));
    clock.advance(std::chrono::hours(1));
    EXPECT_THAT(why_not(key.token(header, gitlab, "RS256")), HasSubstr("expired"));
}
