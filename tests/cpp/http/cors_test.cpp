#include "app_fixture.h"

namespace ocilot::http {
namespace {

constexpr std::string_view ui = "https://ui.example";

class Cors : public test::AppTest {
  protected:
    void SetUp() override {
        settings.cors = {{std::string(ui)}, false};
        gate = &strict_gate;
        strict_gate.closed = {{"a", policy::Action::pull}, {"a", policy::Action::create}};
        rebuild();
    }
    Answer question(std::string_view origin, std::string const& target = "/v2/a/manifests/x") {
        return ask(Method::options, target, {{"Origin", origin}, {"Access-Control-Request-Method", "PUT"}});
    }
};

TEST_F(Cors, QuestionsAreAnsweredBeforeAnybodyIsAskedWhoHeIs) {
    auto const answer = question(ui);
    EXPECT_EQ(answer.status(), 204U);
    EXPECT_EQ(answer["Access-Control-Allow-Origin"], ui);
    EXPECT_EQ(answer["Vary"], "Origin");
    EXPECT_EQ(answer["Access-Control-Allow-Methods"], "GET, HEAD, PUT, POST, PATCH, DELETE, OPTIONS");
    EXPECT_NE(answer["Access-Control-Allow-Headers"].find("Authorization"), std::string::npos);
    EXPECT_NE(answer["Access-Control-Max-Age"], "");
    EXPECT_EQ(answer["Access-Control-Allow-Credentials"], "");
    EXPECT_EQ(question(ui, "/v2/").status(), 204U);
}

TEST_F(Cors, AnswersAndErrorsCanBeReadByAListedPage) {
    for (auto const& [target, status] : {std::pair("/v2/", 200U),
                                         {"/v2/a/tags/list", 403U},
                                         {"/v2/b/tags/list", 404U},
                                         {"/v2/x", 404U},
                                         {"/v2/%zz/tags/list", 400U}}) {
        auto const answer = get(target, {{"Origin", ui}});
        EXPECT_EQ(answer.status(), status) << target;
        EXPECT_EQ(answer["Access-Control-Allow-Origin"], ui) << target;
        EXPECT_EQ(answer["Vary"], "Origin");
        for (auto const* name : {"Docker-Content-Digest", "Location", "Link", "Range", "WWW-Authenticate",
                                 "Warning", "Content-Range", "OCI-Subject"}) {
            EXPECT_NE(answer["Access-Control-Expose-Headers"].find(name), std::string::npos) << name;
        }
    }
}

TEST_F(Cors, OtherPagesLearnNothing) {
    auto const expect_nothing = [](Answer const& answer) {
        for (auto const& [name, value] : answer.response.headers) {
            EXPECT_FALSE(name.starts_with("Access-Control-")) << name;
        }
        EXPECT_EQ(answer["Vary"], "Origin") << "a cache must not show it to a listed page";
    };
    expect_nothing(question("https://evil.example"));
    expect_nothing(question("null"));
    expect_nothing(get("/v2/", {{"Origin", "https://ui.example.evil"}}));
    expect_nothing(get("/v2/"));
    EXPECT_EQ(question("https://evil.example")["Allow"], "GET, HEAD, PUT, DELETE, OPTIONS");
}

TEST_F(Cors, CredentialsAreForListedPagesOnly) {
    settings.cors = {{std::string(ui), "*"}, true};
    rebuild();
    auto const listed = question(ui);
    EXPECT_EQ(listed["Access-Control-Allow-Origin"], ui);
    EXPECT_EQ(listed["Access-Control-Allow-Credentials"], "true");
    auto const other = question("https://other.example");
    EXPECT_EQ(other["Access-Control-Allow-Origin"], "*");
    EXPECT_EQ(other["Access-Control-Allow-Credentials"], "");
}

TEST_F(Cors, IsOffUnlessConfigured) {
    settings.cors = {};
    rebuild();
    EXPECT_EQ(question(ui)["Access-Control-Allow-Origin"], "");
    EXPECT_EQ(get("/v2/", {{"Origin", ui}})["Vary"], "");
}

TEST_F(Cors, TheOperatorsOwnHeaderWins) {
    settings.headers = {{"Access-Control-Allow-Origin", "https://fixed.example"}};
    rebuild();
    auto const answer = get("/v2/", {{"Origin", ui}});
    EXPECT_EQ(test::values(answer.response, "Access-Control-Allow-Origin"),
              std::vector<std::string>{"https://fixed.example"});
}

}  // namespace
}  // namespace ocilot::http
