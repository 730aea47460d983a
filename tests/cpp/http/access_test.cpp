#include "auth_fixture.h"

#include <functional>

namespace ocilot::http {
namespace {

class Access : public test::AuthTest {};

constexpr std::string_view realm = R"(Bearer realm="http://r.test/token",service="ocilot")";

TEST_F(Access, PingTellsEverybodyWithoutCredentialsHowToLogIn) {
    auto const answer = get("/v2/");
    EXPECT_EQ(answer.status(), 401U);
    EXPECT_EQ(answer["WWW-Authenticate"], realm);
    EXPECT_TRUE(answer.says("UNAUTHORIZED"));
    EXPECT_EQ(as(basic("nobody"), Method::get, "/v2/").status(), 200U);
    EXPECT_EQ(as(bearer_for(""), Method::get, "/v2/").status(), 200U) << "an anonymous token will do";
}

TEST_F(Access, ChallengesNameEverythingTheRequestTouches) {
    std::string const digest = sha256("x");
    auto const scope = [&](Method method, std::string const& target) {
        auto const answer = ask(method, target);
        EXPECT_EQ(answer.status(), 401U) << target;
        auto const header = answer["WWW-Authenticate"];
        EXPECT_TRUE(header.starts_with(std::string(realm) + ",scope=\"")) << header;
        return header.substr(realm.size() + 8, header.size() - realm.size() - 9);
    };
    EXPECT_EQ(scope(Method::get, "/v2/team/app/manifests/a"), "repository:team/app:pull");
    EXPECT_EQ(scope(Method::get, "/v2/team/app/tags/list"), "repository:team/app:pull");
    EXPECT_EQ(scope(Method::put, "/v2/team/app/manifests/a"), "repository:team/app:pull,push");
    EXPECT_EQ(scope(Method::del, "/v2/team/app/manifests/a"), "repository:team/app:delete");
    EXPECT_EQ(scope(Method::post, "/v2/team/app/blobs/uploads/"), "repository:team/app:pull,push");
    EXPECT_EQ(scope(Method::post, "/v2/team/app/blobs/uploads/?mount=" + digest + "&from=public/base"),
              "repository:team/app:pull,push repository:public/base:pull");
    EXPECT_EQ(scope(Method::post, "/v2/team/app/blobs/uploads/?mount=" + digest + "&from=NO:%22"),
              "repository:team/app:pull,push");
    EXPECT_EQ(scope(Method::get, "/v2/_catalog"), "registry:catalog:*");
    // Cancelling takes what pushing takes.
    EXPECT_EQ(scope(Method::del, "/v2/team/app/blobs/uploads/4d8b7fa5-8f2a-4b8e-a5d5-6c3b7d7e1f00"),
              "repository:team/app:pull,push");
}

TEST_F(Access, RealmIsWhereTheClientSeesTheRegistry) {
    EXPECT_EQ(get("/v2/", {{"X-Forwarded-Proto", "https"}})["WWW-Authenticate"],
              R"(Bearer realm="http://r.test/token",service="ocilot")");
    behind_proxy = true;
    auto const answer = get("/v2/", {{"X-Forwarded-Proto", "https"}, {"X-Forwarded-Host", "reg.example"}});
    EXPECT_EQ(answer["WWW-Authenticate"], R"(Bearer realm="https://reg.example/token",service="ocilot")");
    settings.urls.host = "https://fixed.example:8443/";
    settings.urls.prefix = "/registry/";
    settings.urls.relative = true;
    join();
    EXPECT_EQ(get("/registry/v2/")["WWW-Authenticate"],
              R"(Bearer realm="https://fixed.example:8443/registry/token",service="ocilot")");
    settings.urls.host = "https://fixed.example/base";
    join();
    EXPECT_EQ(get("/registry/v2/")["WWW-Authenticate"],
              R"(Bearer realm="https://fixed.example/base/registry/token",service="ocilot")");
}

TEST_F(Access, AnonymousPullNeedsNoTokenWhereRulesAllowIt) {
    auto const image = as(basic("writer"), Method::get, "/v2/public/x/tags/list");
    EXPECT_EQ(image.status(), 404U) << "allowed, and nothing there";
    EXPECT_EQ(get("/v2/public/x/tags/list").status(), 404U);
    EXPECT_EQ(get("/v2/team/x/tags/list").status(), 401U);
    EXPECT_EQ(ask(Method::post, "/v2/public/x/blobs/uploads/").status(), 401U);
}

TEST_F(Access, EmptyCredentialsAreAnonymous) {
    std::string const empty = "Basic Og==";  // ":"
    EXPECT_EQ(as(empty, Method::get, "/v2/public/x/tags/list").status(), 404U);
    EXPECT_EQ(as(empty, Method::get, "/v2/team/x/tags/list").status(), 401U);
    EXPECT_EQ(as(empty, Method::get, "/token?scope=repository:public/x:pull").status(), 200U);
    EXPECT_EQ(as("Basic OnBhc3M=", Method::get, "/v2/public/x/tags/list").status(), 401U) << "a password";
}

TEST_F(Access, SharedCachesKeepOnlyWhatAnonymousCallersMayPull) {
    std::string const digest = sha256("{}");
    for (std::string const name : {"public/x", "team/x"}) {
        auto const blobs = "/v2/" + name + "/blobs/";
        auto const manifests = "/v2/" + name + "/manifests/";
        ASSERT_EQ(as(basic("writer"), Method::post, blobs + "uploads/?digest=" + digest, "{}").status(),
                  201U);
        auto const bytes = image(digest);
        ASSERT_EQ(as(basic("writer"), Method::put, manifests + "v1", bytes).status(), 201U);
        bool const is_public = name == "public/x";
        auto const kept = [&](std::string const& target) {
            auto const answer = is_public ? get(target) : as(basic("writer"), Method::get, target);
            EXPECT_EQ(answer.status(), 200U) << target;
            return answer["Cache-Control"];
        };
        std::string const before = is_public ? "" : "private, ";
        EXPECT_EQ(kept(blobs + digest), before + "max-age=31536000, immutable");
        EXPECT_EQ(kept(manifests + sha256(bytes)), before + "max-age=31536000, immutable");
        EXPECT_EQ(kept(manifests + "v1"), before + "no-cache");
        EXPECT_EQ(kept("/v2/" + name + "/tags/list"), before + "no-cache");
        EXPECT_EQ(kept("/v2/" + name + "/referrers/" + digest), before + "no-cache");
    }
    EXPECT_EQ(as(basic("writer"), Method::get, "/v2/public/x/blobs/" + digest)["Cache-Control"],
              "private, max-age=31536000, immutable")
        << "what a named caller is told may differ";
    EXPECT_EQ(as(basic("writer"), Method::get, "/v2/_catalog")["Cache-Control"], "private, no-cache");
    EXPECT_EQ(as(basic("boss"), Method::get, "/api/v1/keys")["Cache-Control"], "no-store");
}

TEST_F(Access, KnownCallersAreToldWhyNot) {
    auto const answer = as(basic("reader"), Method::post, "/v2/team/app/blobs/uploads/");
    EXPECT_EQ(answer.status(), 403U);
    EXPECT_TRUE(answer.says("DENIED"));
    EXPECT_TRUE(answer.says("may not push to team/app: rule 2 (team/**) grants user reader pull"))
        << answer.text;
    EXPECT_EQ(answer["WWW-Authenticate"], "");
}

TEST_F(Access, PrivateAndMissingAnswerAlike) {
    std::string const name = "secret/aa";
    as(basic("boss"), Method::post, "/v2/secret/aa/blobs/uploads/?digest=" + sha256("{}"), "{}");
    auto const bytes = image(sha256("{}"));
    ASSERT_EQ(
        as(basic("boss"), Method::put, "/v2/secret/aa/manifests/v1", bytes, {{"Content-Type", oci_manifest}})
            .status(),
        201U);
    for (auto const& credentials :
         std::vector<std::string>{"", basic("reader"), bearer_for("", basic("reader"))}) {
        for (auto const& path : std::vector<std::string>{"manifests/v1", "tags/list", "blobs/" + sha256("{}"),
                                                         "referrers/" + sha256("{}")}) {
            auto const asked = [&](std::string const& repository) {
                auto const target = "/v2/" + repository + "/" + path;
                auto answer = credentials.empty() ? get(target) : as(credentials, Method::get, target);
                std::string told = std::to_string(answer.status()) + answer.text;
                for (auto const& [key, value] : answer.response.headers)
                    told += "\n" + std::string(key) + value;
                for (auto at = told.find(repository); at != told.npos; at = told.find(repository)) {
                    told.replace(at, repository.size(), "NAME");
                }
                return told;
            };
            EXPECT_EQ(asked("secret/aa"), asked("secret/bb")) << path;
        }
    }
}

TEST_F(Access, UploadsOfAnotherCallerAreUnknown) {
    auto const begun = as(basic("writer"), Method::post, "/v2/team/app/blobs/uploads/");
    ASSERT_EQ(begun.status(), 202U);
    auto const path = path_of(begun["Location"]);
    for (auto const method : {Method::get, Method::patch, Method::put, Method::del}) {
        auto const target = method == Method::put ? path + "?digest=" + sha256("{}") : path;
        auto const answer = as(basic("creator"), method, target);
        EXPECT_EQ(answer.status(), 404U) << to_string(method);
        EXPECT_TRUE(answer.says("BLOB_UPLOAD_UNKNOWN"));
    }
    EXPECT_EQ(as(basic("writer"), Method::get, path).status(), 204U);
}

TEST_F(Access, CreatorsPushNewTagsAndMoveNone) {
    auto const push = [&](std::string const& who, std::string const& reference, std::string_view note) {
        as(basic(who), Method::post, "/v2/team/app/blobs/uploads/?digest=" + sha256("{}"), "{}");
        return as(basic(who), Method::put, "/v2/team/app/manifests/" + reference, image(sha256("{}"), note),
                  {{"Content-Type", oci_manifest}});
    };
    EXPECT_EQ(push("creator", "v1", "one").status(), 201U);
    EXPECT_EQ(push("creator", "v1", "one").status(), 201U) << "the same again moves nothing";
    EXPECT_EQ(push("creator", "v1", "two").status(), 403U);
    auto const by_digest = sha256(image(sha256("{}"), "three")) + "?tag=v1";
    EXPECT_EQ(push("creator", by_digest, "three").status(), 403U) << "nor by the other way";
    EXPECT_EQ(push("writer", "v1", "two").status(), 201U);
}

TEST_F(Access, MountsNeedPullOnTheSource) {
    auto const digest = sha256("layer");
    as(basic("boss"), Method::post, "/v2/secret/aa/blobs/uploads/?digest=" + digest, "layer");
    as(basic("writer"), Method::post, "/v2/team/lib/blobs/uploads/?digest=" + digest, "layer");
    auto const mount = "/v2/team/app/blobs/uploads/?mount=" + digest + "&from=";
    EXPECT_EQ(as(basic("writer"), Method::post, mount + "secret/aa").status(), 202U);
    EXPECT_EQ(as(basic("writer"), Method::post, mount + "secret/none").status(), 202U);
    auto const wide =
        bearer_for("scope=repository:team/app:pull,push&scope=repository:team/lib:pull", basic("writer"));
    EXPECT_EQ(as(wide, Method::post, mount + "team/lib").status(), 201U);
}

TEST_F(Access, AMountAsksForATokenForItsSourceToo) {
    auto const digest = sha256("layer");
    for (std::string const name : {"team/lib", "public/lib"}) {
        as(basic("boss"), Method::post, "/v2/" + name + "/blobs/uploads/?digest=" + digest, "layer");
    }
    as(basic("boss"), Method::post, "/v2/secret/aa/blobs/uploads/?digest=" + digest, "layer");
    auto const mount = "/v2/team/app/blobs/uploads/?mount=" + digest + "&from=";
    auto const narrow = bearer_for("scope=repository:team/app:pull,push", basic("writer"));
    for (std::string const source : {"team/lib", "team/none"}) {
        auto const answer = as(narrow, Method::post, mount + source);
        EXPECT_EQ(answer.status(), 401U) << source;
        EXPECT_EQ(
            answer["WWW-Authenticate"],
            R"(Bearer realm="http://r.test/token",service="ocilot",scope="repository:team/app:pull,push )"
            R"(repository:)" +
                source + R"(:pull",error="insufficient_scope",error_description="the token does not )" +
                "allow pulling from " + source + R"(: request one for both repositories")");
    }
    EXPECT_EQ(as(narrow, Method::post, mount + "public/lib").status(), 201U)
        << "anonymous callers may pull it";
    for (std::string const source : {"secret/aa", "secret/none", "NO"}) {
        EXPECT_EQ(as(narrow, Method::post, mount + source).status(), 202U)
            << source << ": no other token would allow it";
    }
    auto const foreign = "/v2/team/app/blobs/uploads/?mount=" + sha256("none");
    EXPECT_EQ(as(narrow, Method::post, foreign).status(), 202U);
    EXPECT_EQ(as(narrow, Method::post, "/v2/team/other/blobs/uploads/?mount=" + digest).status(), 401U);
}

TEST_F(Access, AMountAsksForNoTokenThatTheSecretDoesNotAllow) {
    auto const digest = sha256("layer");
    as(basic("writer"), Method::post, "/v2/team/lib/blobs/uploads/?digest=" + digest, "layer");
    auto const mount = "/v2/team/app/blobs/uploads/?mount=" + digest + "&from=team/lib";
    auto const query = std::string("scope=repository:team/app:pull,push");
    auto const only_app = basic("bot", add_secret("bot", {"repository:team/app:pull,push"}));
    EXPECT_EQ(as(only_app, Method::post, mount).status(), 202U);
    EXPECT_EQ(as(bearer_for(query, only_app), Method::post, mount).status(), 202U);
    auto const whole_team = basic("bot", add_secret("bot", {"repository:team/**:pull,push"}));
    EXPECT_EQ(as(bearer_for(query, whole_team), Method::post, mount).status(), 401U);
    EXPECT_EQ(as(whole_team, Method::post, mount).status(), 201U);
}

TEST_F(Access, LimitedCredentialsAllowWhatAnonymousCallersMay) {
    auto const robot = basic("bot", add_secret("bot", {"repository:team/app:pull,push"}));
    auto const token = bearer_for("scope=repository:team/app:pull", robot);
    for (auto const& shown : {robot, token, bearer_for("scope=repository:public/other:pull")}) {
        EXPECT_EQ(as(shown, Method::get, "/v2/public/base/tags/list").status(), 404U) << "allowed";
        EXPECT_NE(as(shown, Method::post, "/v2/public/base/blobs/uploads/").status(), 202U);
        EXPECT_NE(as(shown, Method::get, "/v2/team/lib/tags/list").status(), 404U);
    }
    auto const given = token_for("scope=repository:public/base:pull,push+repository:team/lib:pull", robot);
    EXPECT_EQ(given["scope"], "repository:public/base:pull");
}

TEST_F(Access, CatalogShowsOnlyWhatMayBePulled) {
    for (auto const& name : std::vector<std::string>{"public/a", "secret/a", "team/a", "team/b"}) {
        as(basic("boss"), Method::post, "/v2/" + name + "/blobs/uploads/?digest=" + sha256("{}"), "{}");
        as(basic("boss"), Method::put, "/v2/" + name + "/manifests/v1", image(sha256("{}")),
           {{"Content-Type", oci_manifest}});
    }
    auto const catalog = [&](std::string const& credentials, std::string const& query = "") {
        return as(credentials, Method::get, "/v2/_catalog" + query);
    };
    EXPECT_EQ(catalog(basic("boss")).text, R"({"repositories":["public/a","secret/a","team/a","team/b"]})");
    EXPECT_EQ(catalog(basic("reader")).text, R"({"repositories":["public/a","team/a","team/b"]})");
    EXPECT_EQ(catalog(basic("nobody")).text, R"({"repositories":["public/a"]})");
    EXPECT_EQ(get("/v2/_catalog").status(), 401U);
    auto const anonymous = bearer_for("scope=registry:catalog:*");
    EXPECT_EQ(catalog(anonymous).text, R"({"repositories":["public/a"]})");
    EXPECT_EQ(catalog(bearer_for("")).status(), 401U);
    auto const first = catalog(basic("reader"), "?n=1");
    EXPECT_EQ(first.text, R"({"repositories":["public/a"]})");
    EXPECT_EQ(first["Link"], R"(</v2/_catalog?last=public/a&n=1>; rel="next")");
    auto const second = catalog(basic("reader"), "?n=1&last=public/a");
    EXPECT_EQ(second.text, R"({"repositories":["team/a"]})") << "a hidden name takes no place";
    auto const link = second["Link"];
    EXPECT_EQ(link.find("secret"), std::string::npos) << link;
    auto const third = as(basic("reader"), Method::get, link.substr(1, link.find('>') - 1));
    EXPECT_EQ(third.text, R"({"repositories":["team/b"]})");
    EXPECT_EQ(catalog(basic("reader"), "?n=1&last=team/a")["Link"], "");
    EXPECT_EQ(catalog(basic("nobody"), "?n=1&last=team/a")["Link"], "");
}

namespace {

/// A hook that allows nothing, and counts.
class ClosedHook final : public policy::OpenGate {
  public:
    int asked = 0;
    std::function<void()> at_question = [] {};
    [[nodiscard]] bool asks(policy::Point point) const noexcept override {
        return point == policy::Point::authorize;
    }
    Task<Result<std::optional<policy::Decision>>> authorize(policy::Caller const&,
                                                            policy::Access const& access) override {
        if (!access.repository) co_return std::optional<policy::Decision>{};
        ++asked;
        at_question();
        co_return std::optional(policy::Decision::deny("closed"));
    }
};

struct LeavingClient final : WaitingClient {
    bool left = false;
    [[nodiscard]] bool has_disconnected() const override { return left; }
};

class ManyHidden : public Access {
  protected:
    void SetUp() override {
        Access::SetUp();
        for (int i = 0; i < 300; ++i) {
            auto const name = fmt::format("secret/r{:03}", i);
            as(basic("boss"), Method::post, "/v2/" + name + "/blobs/uploads/?digest=" + sha256("{}"), "{}");
            as(basic("boss"), Method::put, "/v2/" + name + "/manifests/v1", image(sha256("{}")),
               {{"Content-Type", oci_manifest}});
        }
        gate = &hook;
        join();
    }
    ClosedHook hook;
};

}  // namespace

TEST_F(ManyHidden, ACatalogAsksABoundedNumberOfQuestionsAndGoesOn) {
    auto page = as(basic("reader"), Method::get, "/v2/_catalog?n=1000");
    EXPECT_EQ(hook.asked, 50);
    int pages = 1;
    for (auto link = page["Link"]; !link.empty(); link = page["Link"]) {
        ASSERT_LT(pages++, 10);
        EXPECT_EQ(page.text, R"({"repositories":[]})");
        page = as(basic("reader"), Method::get, link.substr(1, link.find('>') - 1));
    }
    EXPECT_EQ(hook.asked, 300) << "each name once";
    EXPECT_EQ(pages, 6);
}

TEST_F(ManyHidden, ATokenAsksABoundedNumberOfQuestions) {
    std::string scopes = "scope=";
    for (int i = 0; i < 90; ++i) scopes += fmt::format("repository:secret/r{:03}:pull,push+", i);
    (void)token_for(scopes.substr(0, scopes.size() - 1));
    EXPECT_EQ(hook.asked, 100);
}

TEST_F(ManyHidden, WorkEndsWhenItsClientLeaves) {
    LeavingClient client;
    hook.at_question = [&] { client.left = hook.asked == 3; };
    for (std::string const target : {"/v2/_catalog?n=1000",
                                     "/token?scope=repository:a:pull+repository:b:pull+"
                                     "repository:c:pull+repository:d:pull"}) {
        hook.asked = 0;
        client.left = false;
        test::TextSource source("");
        Request request;
        request.target = target;
        auto const authorization = basic("reader");
        request.headers = {{"Authorization", authorization}, {"Host", "r.test"}};
        request.body = &source;
        request.peer = "192.0.2.1";
        request.client = &client;
        EXPECT_EQ(ocilot::test::run(app->handle(request)).status, 200U);
        EXPECT_EQ(hook.asked, 3) << target;
    }
}

TEST_F(Access, AMountWithoutASourceFindsWhatTheRulesLetTheCallerRead) {
    auto const digest = sha256("layer");
    for (std::string const name : {"secret/a", "secret/b", "team/lib"})
        EXPECT_EQ(as(basic("boss"), Method::post, "/v2/" + name + "/blobs/uploads/?digest=" + digest, "layer")
                      .status(),
                  201U);
    auto const mount = "blobs/uploads/?mount=" + digest;
    EXPECT_EQ(as(basic("writer"), Method::post, "/v2/team/app/" + mount).status(), 201U);
    EXPECT_EQ(
        as(basic("writer"), Method::post, "/v2/public/app/blobs/uploads/?mount=" + sha256("none")).status(),
        202U);
}

TEST_F(Access, SeveralAuthorizationHeadersAreRefused) {
    auto const one = basic("reader");
    auto const two = basic("boss");
    auto const answer = get("/v2/", {{"Authorization", one}, {"Authorization", two}});
    EXPECT_EQ(answer.status(), 401U);
}

TEST_F(Access, BrokenCredentialsAreRefused) {
    for (auto const& header : std::vector<std::string>{"Basic", "Basic !!!", "Basic cmVhZGVy", "Digest x",
                                                       "Bearer a.b.c", "Bearer " + std::string(15'000, '.'),
                                                       "Bearer " + std::string(60'000, '.')}) {
        EXPECT_EQ(as(header, Method::get, "/v2/").status(), 401U) << header.substr(0, 40);
    }
    auto const answer = as("Bearer a.b.c", Method::get, "/v2/team/app/tags/list");
    EXPECT_NE(answer["WWW-Authenticate"].find(
                  R"(,scope="repository:team/app:pull",error="invalid_token",error_description=")"),
              std::string::npos)
        << answer["WWW-Authenticate"];
}

TEST_F(Access, NoSecretIsEverLogged) {
    auto const secret = add_secret("bot");
    auto const refresh = token_for("offline_token=true", basic("writer"))["refresh_token"].get<std::string>();
    auto const token = bearer_for("scope=repository:team/app:pull", basic("bot", secret));
    as(token, Method::get, "/v2/team/app/tags/list");
    as(token, Method::get, "/v2/other/tags/list");
    as(basic("writer", "wrong-secret-word"), Method::get, "/v2/");
    post_form("grant_type=refresh_token&refresh_token=" + refresh);
    post_form("grant_type=password&username=writer&password=hunter2hunter2");
    for (std::string const& hidden : {secret, refresh, token.substr(7), std::string("wrong-secret-word"),
                                      std::string("hunter2hunter2"), std::string("writer-password")}) {
        EXPECT_EQ(sink.text().find(hidden), std::string::npos) << hidden;
    }
    EXPECT_NE(sink.text().find("login refused"), std::string::npos);
}

}  // namespace
}  // namespace ocilot::http
