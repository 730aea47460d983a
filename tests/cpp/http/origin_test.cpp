#include "auth_fixture.h"

namespace ocilot::http {
namespace {

constexpr std::string_view upload = "/v2/team/app/blobs/uploads/";

/// Writes that a browser sends, with the password that it knows for the registry.
class Origins : public test::AuthTest {
  protected:
    /// Of boss, without what the fixture adds for the administration.
    unsigned sends(Method method, std::string_view target, test::Headers headers,
                   std::string_view content = {}) {
        auto const boss = basic("boss");
        headers.emplace_back("Authorization", boss);
        return ask(method, std::string(target), std::move(headers), content).status();
    }
};

TEST_F(Origins, OfOtherPagesDoNotWrite) {
    for (test::Headers const& page : std::vector<test::Headers>{{{"Origin", "https://evil.example"}},
                                                                {{"Origin", "null"}},
                                                                {{"Origin", "http://r.test:8080"}},
                                                                {{"Origin", "http://r.test.evil.example"}},
                                                                {{"Sec-Fetch-Site", "cross-site"}},
                                                                {{"Sec-Fetch-Site", "same-site"}}}) {
        auto with = [&](test::Headers more) {
            more.insert(more.end(), page.begin(), page.end());
            return more;
        };
        auto const shown = page.front().second;
        EXPECT_EQ(sends(Method::post, upload, page), 403U) << shown;
        EXPECT_EQ(sends(Method::post, "/api/v1/keys", with({{"Ocilot-Request", "1"}})), 403U) << shown;
        EXPECT_EQ(sends(Method::post, "/api/v1/tokens", with({{"Content-Type", "application/json"}}), "{}"),
                  403U);
        EXPECT_EQ(sends(Method::del, "/api/v1/accounts/writer", page), 403U) << shown;
        EXPECT_EQ(sends(Method::del, "/v2/team/app/manifests/v1", page), 403U) << shown;
        EXPECT_EQ(sends(Method::get, "/v2/", page), 200U) << "who may read is told by CORS";
    }
    EXPECT_EQ(nlohmann::json::parse(get("/token/keys").text)["keys"].size(), 1U);
}

TEST_F(Origins, OfTheRegistryItselfAndOfClientsDo) {
    EXPECT_EQ(sends(Method::post, upload, {}), 202U) << "docker, podman, helm and oras";
    EXPECT_EQ(sends(Method::post, upload, {{"Origin", "http://r.test"}, {"Sec-Fetch-Site", "same-origin"}}),
              202U);
    EXPECT_EQ(sends(Method::post, upload, {{"Origin", "https://R.test:443"}}), 202U)
        << "behind a proxy with TLS";
    EXPECT_EQ(sends(Method::post, upload, {{"Sec-Fetch-Site", "none"}}), 202U) << "typed by the user";
    settings.urls.host = "https://registry.example";
    join();
    EXPECT_EQ(sends(Method::post, upload, {{"Origin", "https://registry.example"}}), 202U);
}

TEST_F(Origins, ThatAreListedDo) {
    settings.cors = {{"https://ui.example"}, true};
    join();
    test::Headers const page{{"Origin", "https://ui.example"}, {"Sec-Fetch-Site", "cross-site"}};
    EXPECT_EQ(sends(Method::post, upload, page), 202U);
    EXPECT_EQ(sends(Method::post, upload, {{"Origin", "https://other.example"}}), 403U);
    settings.cors = {{"*"}, false};
    join();
    EXPECT_EQ(sends(Method::del, "/v2/team/app/manifests/v1", page), 404U) << "the browser has asked first";
    EXPECT_EQ(sends(Method::post, upload, page), 403U) << "a form asks nobody";
}

TEST_F(Origins, DoNotMatterToABearerToken) {
    auto const token = bearer_for("scope=repository:team/app:pull,push", basic("writer"));
    EXPECT_EQ(as(token, Method::post, std::string(upload), {}, {{"Origin", "https://evil.example"}}).status(),
              202U)
        << "no browser adds it by itself";
}

TEST_F(Origins, AFormDoesNotAdministerWhateverItSays) {
    for (std::string const target :
         {"/api/v1/keys", "/api/v1/hooks/reload", "/api/v1/jobs/scrub", "/api/v1/tokens"}) {
        EXPECT_EQ(sends(Method::post, target, {}), 403U) << target;
        EXPECT_EQ(sends(Method::post, target, {{"Content-Type", "text/plain"}}, "{}"), 403U) << target;
        EXPECT_EQ(sends(Method::post, target, {{"Content-Type", "application/x-www-form-urlencoded"}}, "a=b"),
                  403U);
    }
    EXPECT_EQ(sends(Method::post, "/api/v1/keys", {{"Ocilot-Request", "1"}}), 201U);
    EXPECT_EQ(sends(Method::post, "/api/v1/keys", {{"Content-Type", "application/json; charset=utf-8"}}),
              201U);
}

TEST_F(Origins, KeysThatCanBeMadeAreFew) {
    unsigned made = 1;
    auto answer = as(basic("boss"), Method::post, "/api/v1/keys");
    for (; answer.status() == 201U; ++made) {
        ASSERT_LT(made, 50U);
        time.time += std::chrono::seconds(1);
        answer = as(basic("boss"), Method::post, "/api/v1/keys");
    }
    EXPECT_EQ(made, auth::SigningKeys::max_keys);
    EXPECT_EQ(answer.status(), 429U);
    EXPECT_TRUE(answer.says("16 signing keys")) << answer.text;
    auto const wait = std::chrono::seconds(std::stoi(answer["Retry-After"]));
    time.time += wait - std::chrono::seconds(1);
    EXPECT_EQ(as(basic("boss"), Method::post, "/api/v1/keys").status(), 429U);
    time.time += std::chrono::seconds(1);
    auto const told = as(basic("boss"), Method::post, "/api/v1/keys");
    EXPECT_EQ(told.status(), 201U) << told.text;
}

/// An open registry on a loopback address.
class HostNamesOfAnOpenRegistry : public test::AppTest {
  protected:
    unsigned asked_as(std::string_view host, std::string const& target = "/v2/") {
        test::TextSource source("");
        Request request;
        request.target = target;
        request.headers = {{"Host", host}};
        request.body = &source;
        request.peer = "127.0.0.1";
        auto response = ocilot::test::run(app->handle(request));
        if (response.status == 403U)
            EXPECT_NE(test::body(response).find("ocilot.hostnames"), std::string::npos);
        return response.status;
    }
};

TEST_F(HostNamesOfAnOpenRegistry, AreItsOwn) {
    EXPECT_EQ(asked_as("anything.example"), 200U) << "unless it is told";
    app->set_host_names({.checked = true, .names = {"registry.internal", "::2"}});
    for (auto const* own : {"localhost", "localhost:5000", "LOCALHOST.", "a.localhost:5000", "127.0.0.1",
                            "127.1.2.3:80", "[::1]:5000", "[::1]", "Registry.Internal:5000", "[::2]:1", ""})
        EXPECT_EQ(asked_as(own), 200U) << own;
    for (auto const* other : {"evil.example", "evil.example:5000", "localhost.evil.example",
                              "127.0.0.1.evil.example", "10.0.0.1", "[::3]", "xlocalhost"})
        for (std::string const target : {"/v2/", "/v2/_catalog", "/metrics", "/api/v1/keys"})
            EXPECT_EQ(asked_as(other, target), 403U) << other << target;
}

}  // namespace
}  // namespace ocilot::http
