#pragma once

#include "app_fixture.h"
#include "auth/bearer_authenticator.h"
#include "auth/logins.h"
#include "auth/passwords.h"
#include "auth/refusals.h"
#include "auth/secrets.h"
#include "jose/base64url.h"
#include "registry/pull_counter.h"

#include <nlohmann/json.hpp>

namespace ocilot::http::test {

/// A clock that a test moves.
struct MovedClock final : Clock {
    Time time{std::chrono::seconds(1'700'000'000)};
    [[nodiscard]] Time now() const override { return time; }
};

/// A registry with accounts, rules and its own token server. Passwords are `<name>-password`.
class AuthTest : public AppTest {
  protected:
    static std::vector<auth::RuleText> rules_of_the_house() {
        return {{{"public/**"}, {{"anonymous", {"pull"}}, {"user:writer", {"push"}}}},
                {{"team/**"},
                 {{"user:reader", {"pull"}},
                  {"user:writer", {"pull", "push"}},
                  {"user:creator", {"pull", "create"}},
                  {"user:remover", {"pull", "delete"}},
                  {"robot:bot", {"pull", "push"}}}},
                {{"**"}, {{"group:admins", {"admin"}}}}};
    }

    void SetUp() override {
        settings.challenge = {
            .scheme = ChallengeSettings::Scheme::bearer, .realm = {}, .path = "/token", .service = "ocilot"};
        for (std::string const name : {"reader", "writer", "creator", "remover", "nobody"}) add_account(name);
        meta::AccountFact boss{.name = "boss", .password_hash = hash("boss"), .groups = {"admins"}};
        add(boss);
        meta::AccountFact bot{.name = "bot", .robot = true};
        add(bot);
        join();
    }

    void add_account(std::string const& name) { add({.name = name, .password_hash = hash(name)}); }
    void add(meta::AccountFact account) {
        account.created_at = time.now();
        ASSERT_TRUE(ocilot::test::run(meta->accounts().add(std::move(account), {})).has_value());
    }
    /// Every name's own password; hashed once a program.
    static std::string hash(std::string const& name) {
        static std::map<std::string, std::string> hashes;
        auto& kept = hashes[name];
        if (kept.empty()) kept = auth::hash_password_bcrypt(name + "-password").value();
        return kept;
    }
    /// A secret of an account.
    std::string add_secret(std::string const& account, std::vector<std::string> scopes = {},
                           std::optional<Time> expires_at = {}) {
        auto secret = auth::make_secret(random);
        meta::TokenFact fact{.id = secret.id,
                             .account = account,
                             .secret_hash = auth::sha256_hex(secret.text),
                             .scopes = std::move(scopes)};
        fact.created_at = time.now();
        fact.expires_at = expires_at;
        EXPECT_TRUE(ocilot::test::run(meta->tokens().add(std::move(fact), {})).has_value());
        return secret.text;
    }

    void join() {
        guard_parts();
        parts.emplace(registry::Registry{blobs, *meta, *gate, time, random, sessions, manifests, rules});
        if (counts_pulls) parts->pulls = &pulls;
        operations.emplace(*parts, metrics);
        app.emplace(AppParts{.routes = routes,
                             .registry = *parts,
                             .guard = *checking,
                             .operations = *operations,
                             .tokens = &*tokens,
                             .hooks = hooks,
                             .jobs = job_control,
                             .rates = rates ? &*rates : nullptr,
                             .refusals = &*refusals,
                             .metrics_readers = metrics_readers ? &*metrics_readers : nullptr,
                             .retention_readers = retention_readers ? &*retention_readers : nullptr,
                             .ignored_pulls = ignored_pulls ? &*ignored_pulls : nullptr},
                    settings);
    }
    void guard_parts() {
        auto& accounts = meta->accounts();
        keys.emplace(meta->keys(), time, std::chrono::seconds(300));
        refusals.emplace(meta->journal(), time, metrics);
        ASSERT_TRUE(ocilot::test::run(keys->refresh(std::chrono::seconds(0))).has_value());
        logins.emplace(auth::LoginParts{.gate = *gate,
                                        .pool = pool,
                                        .clock = time,
                                        .random = random,
                                        .log = log,
                                        .metrics = metrics,
                                        .accounts = &accounts,
                                        .tokens = &meta->tokens(),
                                        .refusals = &*refusals});
        bearer_authenticator.emplace(auth::BearerAuthenticatorParts{.pool = pool,
                                                                    .clock = time,
                                                                    .metrics = metrics,
                                                                    .service = "ocilot",
                                                                    .keys = &*keys,
                                                                    .accounts = &accounts,
                                                                    .tokens = &meta->tokens()});
        checking.emplace(auth::GuardParts{.gate = *gate,
                                          .clock = time,
                                          .log = log,
                                          .metrics = metrics,
                                          .logins = &*logins,
                                          .bearer_authenticator = &*bearer_authenticator,
                                          .refusals = &*refusals});
        checking->set_rules(
            std::make_shared<auth::Rules const>(auth::Rules::compile(rules_of_the_house(), {}).value()));
        tokens.emplace(
            auth::TokenServer::Parts{*checking, *keys, accounts, meta->tokens(), time, random, metrics},
            auth::TokenSettings{});
    }

    static std::string basic(std::string const& name, std::optional<std::string> password = {}) {
        return "Basic " + jose::to_base64(name + ":" + password.value_or(name + "-password"));
    }
    Answer as(std::string const& authorization, Method method, std::string const& target,
              std::string_view content = {}, Headers headers = {}) {
        headers.emplace_back("Authorization", authorization);
        if (target.starts_with("/api/v1/")) headers.emplace_back("Ocilot-Request", "1");
        return ask(method, target, std::move(headers), content);
    }
    /// What the token server answers to `query`.
    nlohmann::json token_for(std::string const& query, std::string const& authorization = {}) {
        auto const target = "/token?" + query;
        auto const answer = authorization.empty() ? get(target) : as(authorization, Method::get, target);
        EXPECT_EQ(answer.status(), 200U) << answer.text;
        return nlohmann::json::parse(answer.text, nullptr, false);
    }
    std::string bearer_for(std::string const& query, std::string const& authorization = {}) {
        return "Bearer " + token_for(query, authorization).value("token", "");
    }
    /// What a token says, unverified.
    static nlohmann::json claims_of(std::string const& token) {
        auto const start = token.find('.') + 1;
        auto const text =
            jose::from_base64url(std::string_view(token).substr(start, token.find('.', start) - start));
        return nlohmann::json::parse(text.value_or("null"), nullptr, false);
    }
    Answer post_form(std::string const& form) {
        return ask(Method::post, "/token", {{"Content-Type", "application/x-www-form-urlencoded"}}, form);
    }

    MovedClock time;
    BlockingPool pool{1};
    std::optional<auth::SigningKeys> keys;
    std::optional<auth::Refusals> refusals;
    std::optional<auth::Logins> logins;
    std::optional<auth::BearerAuthenticator> bearer_authenticator;
    std::optional<auth::Guard> checking;
    std::optional<auth::Rules> metrics_readers;
    std::optional<auth::Rules> retention_readers;
    registry::PullCounter pulls{metrics};
    bool counts_pulls = false;
    std::optional<auth::IgnoredPulls> ignored_pulls;
    std::optional<auth::TokenServer> tokens;
    policy::HookControl* hooks = nullptr;
    jobs::JobControl* job_control = nullptr;
};

}  // namespace ocilot::http::test
