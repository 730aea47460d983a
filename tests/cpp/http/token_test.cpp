#include "auth_fixture.h"

namespace ocilot::http {
namespace {

using nlohmann::json;

class Tokens : public test::AuthTest {
  protected:
    void change(std::string const& name, meta::AccountChange change) {
        auto const changed =
            ocilot::test::run(meta->accounts().change(name, std::move(change), {}, time.now()));
        ASSERT_TRUE(changed.has_value());
    }
    json access_for(std::string const& query, std::string const& authorization = {}) {
        return claims_of(token_for(query, authorization)["token"])["access"];
    }
};

TEST_F(Tokens, AreWhatClientsExpect) {
    auto const answer =
        token_for("service=ocilot&scope=repository:team/app:pull,push&account=writer", basic("writer"));
    EXPECT_EQ(answer["token"], answer["access_token"]);
    EXPECT_GE(answer["expires_in"].get<int>(), 60);
    EXPECT_EQ(answer["issued_at"], rfc3339(time.now()));
    EXPECT_EQ(answer["scope"], "repository:team/app:pull,push");
    EXPECT_FALSE(answer.contains("refresh_token"));
    auto const claims = claims_of(answer["token"]);
    EXPECT_EQ(claims["sub"], "writer");
    EXPECT_EQ(claims["aud"], "ocilot");
    EXPECT_EQ(claims["exp"].get<int>() - claims["iat"].get<int>(), 300);
    EXPECT_EQ(claims["access"],
              json::parse(R"([{"type":"repository","name":"team/app","actions":["pull","push"]}])"));
}

TEST_F(Tokens, GiveWhatIsAllowedOfWhatIsAsked) {
    EXPECT_EQ(access_for("scope=repository:team/app:pull,push,delete", basic("reader"))[0]["actions"],
              json({"pull"}));
    EXPECT_EQ(access_for("scope=repository:secret/app:pull,push", basic("reader")), json::array());
    EXPECT_EQ(access_for("scope=repository:team/app:*", basic("writer"))[0]["actions"],
              json({"pull", "push"}));
    EXPECT_EQ(access_for("scope=repository:team/app:push", basic("creator"))[0]["actions"], json({"create"}));
    EXPECT_EQ(access_for("scope=repository:NOT/valid:pull", basic("writer")), json::array());
    EXPECT_EQ(access_for("scope=repository:team/a:pull+repository:team/b:pull&scope=repository:team/c:pull",
                         basic("reader"))
                  .size(),
              3U);
    EXPECT_EQ(access_for("scope=repository:team/a:pull%20repository:team/b:pull", basic("reader")).size(),
              2U);
}

TEST_F(Tokens, ForAnonymousUseHaveNoSubject) {
    auto const claims = claims_of(token_for("scope=repository:public/app:pull")["token"]);
    EXPECT_EQ(claims["sub"], "");
    EXPECT_EQ(claims["access"][0]["name"], "public/app");
    auto const nothing = bearer_for("scope=repository:team/app:pull");
    auto const answer = as(nothing, Method::get, "/v2/team/app/tags/list");
    EXPECT_EQ(answer.status(), 401U);
    EXPECT_NE(answer["WWW-Authenticate"].find(R"(error="insufficient_scope")"), std::string::npos);
}

TEST_F(Tokens, AreGoodForNothingElse) {
    auto const token = bearer_for("scope=repository:team/app:pull", basic("writer"));
    EXPECT_EQ(as(token, Method::get, "/v2/team/app/tags/list").status(), 404U);
    for (auto const& [method, target] :
         std::vector<std::pair<Method, std::string>>{{Method::get, "/v2/team/other/tags/list"},
                                                     {Method::post, "/v2/team/app/blobs/uploads/"},
                                                     {Method::get, "/v2/_catalog"}}) {
        auto const answer = as(token, method, target);
        EXPECT_EQ(answer.status(), 401U) << target;
        EXPECT_NE(answer["WWW-Authenticate"].find(R"(,error="insufficient_scope",error_description=")"),
                  std::string::npos)
            << answer["WWW-Authenticate"];
    }
}

TEST_F(Tokens, DoNotBuyOtherTokens) {
    auto const token = bearer_for("scope=repository:team/app:pull", basic("writer"));
    EXPECT_EQ(as(token, Method::get, "/token?scope=repository:team/app:pull,push").status(), 401U);
}

TEST_F(Tokens, EndWithTheirTime) {
    auto const token = bearer_for("scope=repository:team/app:pull", basic("writer"));
    EXPECT_EQ(as(token, Method::get, "/v2/team/app/tags/list").status(), 404U);
    time.time += std::chrono::seconds(400);
    auto const answer = as(token, Method::get, "/v2/team/app/tags/list");
    EXPECT_EQ(answer.status(), 401U);
    EXPECT_NE(answer["WWW-Authenticate"].find(R"(error="invalid_token")"), std::string::npos);
}

TEST_F(Tokens, EndWithTheirAccount) {
    auto const token = bearer_for("scope=repository:team/app:pull", basic("writer"));
    EXPECT_EQ(as(token, Method::get, "/v2/team/app/tags/list").status(), 404U);
    change("writer", {.disabled = true});
    EXPECT_EQ(as(token, Method::get, "/v2/team/app/tags/list").status(), 401U);
    EXPECT_EQ(as(basic("writer"), Method::get, "/v2/").status(), 401U);
}

TEST_F(Tokens, LoseTheGroupsThatTheirAccountLost) {
    auto const token = bearer_for("scope=repository:secret/app:pull", basic("boss"));
    EXPECT_EQ(as(token, Method::get, "/v2/secret/app/tags/list").status(), 404U);
    change("boss", {.groups = std::vector<std::string>{}});
    EXPECT_EQ(as(token, Method::get, "/v2/secret/app/tags/list").status(), 403U);
}

TEST_F(Tokens, SurviveARotationOfKeysAndARestart) {
    auto const token = bearer_for("scope=repository:team/app:pull", basic("reader"));
    EXPECT_EQ(as(basic("boss"), Method::post, "/api/v1/keys").status(), 201U);
    EXPECT_EQ(json::parse(get("/token/keys").text)["keys"].size(), 2U);
    EXPECT_EQ(as(token, Method::get, "/v2/team/app/tags/list").status(), 404U);
    join();
    EXPECT_EQ(as(token, Method::get, "/v2/team/app/tags/list").status(), 404U);
    EXPECT_EQ(json::parse(get("/token/keys").text)["keys"].size(), 2U);
}

TEST_F(Tokens, OfOldKeysEndSomeTimeAfterTheirKeys) {
    auto const first = json::parse(get("/token/keys").text)["keys"][0]["kid"];
    for (int i = 0; i < 3; ++i) {
        time.time += std::chrono::hours(1);
        EXPECT_EQ(as(basic("boss"), Method::post, "/api/v1/keys").status(), 201U);
    }
    auto const keys_now = json::parse(get("/token/keys").text)["keys"];
    EXPECT_EQ(keys_now.size(), 2U) << "the one that signs, and the one before it";
    EXPECT_NE(keys_now[0]["kid"], first);
}

TEST_F(Tokens, AreRefusedToWrongPasswords) {
    auto const answer = as(basic("writer", "wrong"), Method::get, "/token?scope=repository:team/app:pull");
    EXPECT_EQ(answer.status(), 401U);
    EXPECT_EQ(answer.text,
              R"({"errors":[{"code":"UNAUTHORIZED","message":"invalid user name or password"}]})");
    EXPECT_EQ(as(basic("unknown"), Method::get, "/token").text, answer.text);
    EXPECT_EQ(post_form("grant_type=password&username=writer&password=wrong").text, answer.text);
}

TEST_F(Tokens, AreGivenToForms) {
    auto const answer = post_form(
        "grant_type=password&service=ocilot&client_id=containerd-client&scope=repository%3Ateam%2Fapp%3Apull+"
        "repository%3Ateam%2Flib%3Apull&username=writer&password=writer-password");
    ASSERT_EQ(answer.status(), 200U) << answer.text;
    auto const body = json::parse(answer.text);
    EXPECT_EQ(body["scope"], "repository:team/app:pull repository:team/lib:pull");
    EXPECT_TRUE(body.contains("access_token"));
    EXPECT_FALSE(body.contains("refresh_token"));
    EXPECT_EQ(answer["Cache-Control"], "no-store");
}

TEST_F(Tokens, AreRenewedByRefreshTokens) {
    auto const first = token_for("offline_token=true&service=ocilot", basic("writer"));
    ASSERT_TRUE(first.contains("refresh_token"));
    std::string const refresh = first["refresh_token"];
    auto const renew = "grant_type=refresh_token&scope=repository:team/app:pull&refresh_token=" + refresh;
    auto const renewed = post_form(renew);
    ASSERT_EQ(renewed.status(), 200U) << renewed.text;
    EXPECT_EQ(claims_of(json::parse(renewed.text)["token"])["sub"], "writer");
    EXPECT_EQ(as(basic("writer", refresh), Method::get, "/v2/").status(), 401U) << "it is no password";
    change("writer", {.password_hash = hash("another")});
    EXPECT_EQ(post_form(renew).status(), 401U) << "another password ends the login";
}

TEST_F(Tokens, AreNotRenewedForEver) {
    auto const first = token_for("offline_token=true", basic("writer"));
    std::string const refresh = first["refresh_token"];
    time.time += std::chrono::hours(721);
    EXPECT_EQ(post_form("grant_type=refresh_token&refresh_token=" + refresh).status(), 401U);
}

TEST_F(Tokens, GetNoNewLifeByARefresh) {
    auto const first = token_for("offline_token=true", basic("writer"));
    std::string refresh = first["refresh_token"];
    for (int day = 0; day < 29; ++day) {
        time.time += std::chrono::hours(24);
        auto const renewed =
            post_form("grant_type=refresh_token&access_type=offline&refresh_token=" + refresh);
        ASSERT_EQ(renewed.status(), 200U) << renewed.text;
        refresh = json::parse(renewed.text)["refresh_token"];
    }
    time.time += std::chrono::hours(24) - std::chrono::seconds(60);
    auto const last = post_form("grant_type=refresh_token&access_type=offline&refresh_token=" + refresh);
    ASSERT_EQ(last.status(), 200U) << last.text;
    EXPECT_EQ(json::parse(last.text)["expires_in"], 60) << "a bearer token does not outlive its login";
    time.time += std::chrono::seconds(60);
    EXPECT_EQ(post_form("grant_type=refresh_token&refresh_token=" + refresh).status(), 401U);
}

TEST_F(Tokens, OfALoginEndWithIt) {
    auto const first = token_for("offline_token=true&scope=repository:team/app:pull", basic("writer"));
    std::string const refresh = first["refresh_token"];
    auto const renewed = json::parse(
        post_form(
            "grant_type=refresh_token&access_type=offline&scope=repository:team/app:pull&refresh_token=" +
            refresh)
            .text);
    std::vector<std::string> bearers{"Bearer " + first.value("token", ""),
                                     "Bearer " + renewed.value("token", "")};
    auto const another = token_for("offline_token=true&scope=repository:team/app:pull", basic("writer"));
    for (auto const& one : bearers)
        EXPECT_EQ(as(one, Method::get, "/v2/team/app/tags/list").status(), 404U) << "and is remembered";
    ASSERT_TRUE(
        ocilot::test::run(meta->tokens().remove(*auth::secret_id(refresh), {}, time.now())).has_value());
    for (auto const& one : bearers) EXPECT_EQ(as(one, Method::get, "/v2/team/app/tags/list").status(), 401U);
    for (std::string const& shown : {refresh, renewed["refresh_token"].get<std::string>()})
        EXPECT_EQ(post_form("grant_type=refresh_token&refresh_token=" + shown).status(), 401U);
    EXPECT_EQ(as("Bearer " + another.value("token", ""), Method::get, "/v2/team/app/tags/list").status(),
              404U)
        << "another login stays";
}

TEST_F(Tokens, OfARemovedAccountAreNotThoseOfANewOneOfItsName) {
    auto const secret = add_secret("writer");
    auto const scope = std::string("scope=repository:team/app:pull");
    std::vector<std::string> const bearers{bearer_for(scope, basic("writer")),
                                           bearer_for(scope, basic("writer", secret))};
    for (auto const& one : bearers) EXPECT_EQ(as(one, Method::get, "/v2/team/app/tags/list").status(), 404U);
    ASSERT_TRUE(ocilot::test::run(meta->accounts().remove("writer", {}, time.now())).has_value());
    time.time += std::chrono::microseconds(1);
    add_account("writer");  // With the same password, too.
    for (auto const& one : bearers) EXPECT_EQ(as(one, Method::get, "/v2/team/app/tags/list").status(), 401U);
    EXPECT_EQ(as(bearer_for(scope, basic("writer")), Method::get, "/v2/team/app/tags/list").status(), 404U);
}

TEST_F(Tokens, EndWithThePasswordTheyWereIssuedFor) {
    auto const token = bearer_for("scope=repository:team/app:pull", basic("writer"));
    EXPECT_EQ(as(token, Method::get, "/v2/team/app/tags/list").status(), 404U);
    change("writer", {.password_hash = hash("another")});
    EXPECT_EQ(as(token, Method::get, "/v2/team/app/tags/list").status(), 401U);
}

TEST_F(Tokens, OfOtherUsersAreNotThoseOfAnAccountAddedLater) {
    auth::TokenRequest request;
    request.login.caller.name = "visitor";
    request.login.caller.kind = policy::CallerKind::user;
    auto const token = "Bearer " + ocilot::test::run(tokens->issue(std::move(request))).value().token;
    EXPECT_EQ(as(token, Method::get, "/v2/").status(), 200U);
    add_account("visitor");
    EXPECT_EQ(as(token, Method::get, "/v2/").status(), 401U);
}

TEST_F(Tokens, EndWithTheTokenOfAForeignIssuer) {
    auth::TokenRequest request;
    request.login.caller.name = "job";
    request.login.caller.kind = policy::CallerKind::federated;
    request.login.ends_at = time.now() + std::chrono::seconds(20);
    auto const issued = ocilot::test::run(tokens->issue(std::move(request))).value();
    EXPECT_EQ(issued.life, std::chrono::seconds(20));
    auto const token = "Bearer " + issued.token;
    EXPECT_EQ(as(token, Method::get, "/v2/").status(), 200U);
    time.time += std::chrono::seconds(20 + 60);
    EXPECT_EQ(as(token, Method::get, "/v2/").status(), 401U);
}

TEST_F(Tokens, ForWhatIsNoGrantAreNot) {
    EXPECT_EQ(post_form("grant_type=magic").status(), 400U);
    EXPECT_EQ(post_form("").status(), 400U);
    EXPECT_EQ(post_form("grant_type=refresh_token&refresh_token=ocilot_x").status(), 401U);
    EXPECT_EQ(post_form(std::string(70'000, 'a')).status(), 413U);
    EXPECT_EQ(get("/token?scope=nonsense").status(), 400U);
}

TEST_F(Tokens, ForVeryManyRepositoriesAreForTheFirst) {
    std::string query = "scope=";
    for (int i = 0; i < 150; ++i) query += "repository:team/r" + std::to_string(i) + ":pull+";
    EXPECT_EQ(access_for(query, basic("reader")).size(), auth::max_resources);
}

TEST_F(Tokens, OfRobotsKeepToTheScopesOfTheirSecret) {
    auto const secret = add_secret("bot", {"repository:team/ci/**:pull,create"});
    EXPECT_EQ(access_for("scope=repository:team/ci/app:pull,push", basic("bot", secret))[0]["actions"],
              json({"pull", "create"}));
    EXPECT_EQ(access_for("scope=repository:team/app:pull", basic("bot", secret)), json::array());
    auto const answer = as(basic("bot", secret), Method::get, "/v2/team/app/tags/list");
    EXPECT_EQ(answer.status(), 403U) << answer.text;
    EXPECT_EQ(as(basic("bot", secret), Method::get, "/v2/team/ci/app/tags/list").status(), 404U);
    auto const offline = token_for("offline_token=true", basic("bot", secret));
    EXPECT_FALSE(offline.contains("refresh_token"));
}

TEST_F(Tokens, OfSecretsEndWithTheSecret) {
    auto const secret = add_secret("writer");
    auto const scope = std::string("scope=repository:team/app:pull");
    auto const token = bearer_for(scope, basic("writer", secret));
    EXPECT_EQ(as(token, Method::get, "/v2/team/app/tags/list").status(), 404U);
    ASSERT_TRUE(
        ocilot::test::run(meta->tokens().remove(*auth::secret_id(secret), {}, time.now())).has_value());
    EXPECT_EQ(as(token, Method::get, "/v2/team/app/tags/list").status(), 401U) << "taken away at once";
    auto const short_lived = add_secret("writer", {}, time.now() + std::chrono::seconds(100));
    auto const other = bearer_for(scope, basic("writer", short_lived));
    EXPECT_EQ(as(other, Method::get, "/v2/team/app/tags/list").status(), 404U);
    time.time += std::chrono::seconds(101);
    EXPECT_EQ(as(other, Method::get, "/v2/team/app/tags/list").status(), 401U);
}

TEST_F(Tokens, OfSecretsAreNotRenewed) {
    auto const secret = add_secret("writer");
    EXPECT_FALSE(token_for("offline_token=true", basic("writer", secret)).contains("refresh_token"))
        << "it would outlive the secret that somebody takes away";
    auto const form = post_form("grant_type=password&access_type=offline&username=writer&password=" + secret);
    ASSERT_EQ(form.status(), 200U) << form.text;
    EXPECT_FALSE(json::parse(form.text).contains("refresh_token"));
}

TEST_F(Tokens, OfASecretAreThereWhoeverGuessesAtItsAccount) {
    auto const secret = add_secret("bot");
    for (int i = 0; i < 12; ++i) {
        auto wrong = auth::make_secret(random).text;
        EXPECT_EQ(as(basic("bot", wrong), Method::get, "/token").status(), 401U);
    }
    EXPECT_EQ(as(basic("bot", secret), Method::get, "/token").status(), 200U);
}

TEST_F(Tokens, OfSomebodyCalledLikeAnAccountAreNotTheAccounts) {
    auto const token_of = [&](std::string name, policy::CallerKind kind) {
        auth::TokenRequest request;
        request.login.caller.name = std::move(name);
        request.login.caller.kind = kind;
        request.scopes = auth::parse_scope("repository:team/app:pull,push").value();
        return "Bearer " + ocilot::test::run(tokens->issue(std::move(request))).value().token;
    };
    auto const federated = token_of("writer", policy::CallerKind::federated);
    EXPECT_EQ(as(federated, Method::get, "/v2/").status(), 200U);
    EXPECT_EQ(as(federated, Method::get, "/v2/team/app/tags/list").status(), 403U)
        << "a rule for user:writer";
    EXPECT_EQ(
        as(token_of("boss", policy::CallerKind::federated), Method::get, "/v2/secret/tags/list").status(),
        403U)
        << "no group of the account";
    checking->set_rules(std::make_shared<auth::Rules const>(
        auth::Rules::compile(
            {{{"team/**"}, {{"federated:writer", {"pull", "push"}}, {"user:creator", {"push"}}}}}, {})
            .value()));
    auto const trusted = token_of("writer", policy::CallerKind::federated);
    EXPECT_EQ(as(basic("writer"), Method::get, "/v2/team/app/tags/list").status(), 403U)
        << "the other way round";
    auto const started = as(trusted, Method::post, "/v2/team/app/blobs/uploads/");
    ASSERT_EQ(started.status(), 202U);
    auto const location = started["Location"];
    auto const where = location.substr(location.find("/v2/"));
    EXPECT_EQ(as(trusted, Method::get, where).status(), 204U);
    checking->set_rules(std::make_shared<auth::Rules const>(auth::Rules::without_any()));
    EXPECT_EQ(as(basic("writer"), Method::get, where).status(), 404U) << "an upload of another caller";
}

TEST_F(Tokens, OfExpiredOrForeignSecretsAreRefused) {
    auto const secret = add_secret("bot", {}, time.now() + std::chrono::hours(1));
    EXPECT_EQ(as(basic("bot", secret), Method::get, "/v2/").status(), 200U);
    EXPECT_EQ(as(basic("writer", secret), Method::get, "/v2/").status(), 401U);
    auto changed = secret;
    changed.back() = changed.back() == 'A' ? 'B' : 'A';
    EXPECT_EQ(as(basic("bot", changed), Method::get, "/v2/").status(), 401U);
    time.time += std::chrono::hours(2);
    EXPECT_EQ(as(basic("bot", secret), Method::get, "/v2/").status(), 401U);
}

TEST_F(Tokens, UseOfSecretsIsNoted) {
    auto const secret = add_secret("bot");
    as(basic("bot", secret), Method::get, "/v2/");
    ASSERT_TRUE(ocilot::test::run(logins->note_use()).has_value());
    auto const fact = ocilot::test::run(meta->tokens().token(*auth::secret_id(secret))).value();
    EXPECT_EQ(fact.last_used_at, time.now());
}

TEST_F(Tokens, ManyWrongPasswordsHaveToWait) {
    unsigned status = 0;
    for (int i = 0; i < 12; ++i) {
        auto const answer = as(basic("reader", "guess" + std::to_string(i)), Method::get, "/token");
        status = answer.status();
        if (status == 429) {
            EXPECT_NE(answer["Retry-After"], "");
            EXPECT_TRUE(answer.says("TOOMANYREQUESTS"));
        }
    }
    EXPECT_EQ(status, 429U);
}

TEST_F(Tokens, AreNotGivenOutWhereThereIsNoServer) {
    app.emplace(AppParts{.routes = routes, .registry = *parts, .guard = *checking, .operations = *operations},
                settings);
    EXPECT_EQ(get("/token").status(), 404U);
    EXPECT_EQ(post_form("grant_type=password").status(), 404U);
    EXPECT_EQ(get("/token/keys").status(), 404U);
}

}  // namespace
}  // namespace ocilot::http
