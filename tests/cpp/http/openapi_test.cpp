#include "auth_fixture.h"

#include <functional>
#include <gmock/gmock.h>

namespace ocilot::http {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::UnorderedElementsAre;

class OpenApi : public test::AuthTest {
  protected:
    json document() {
        auto const answer = get("/api/v1/openapi.json");
        EXPECT_EQ(answer.status(), 200U);
        EXPECT_EQ(answer["Content-Type"], "application/json");
        return json::parse(answer.text);
    }
    Answer boss(Method method, std::string const& target, std::string_view content = {}) {
        return as(basic("boss"), method, target, content, {{"Content-Type", "application/json"}});
    }
    static std::set<std::string> names_of(json const& parameters) {
        std::set<std::string> names;
        for (auto const& one : parameters) names.insert(one["name"].get<std::string>());
        return names;
    }
};

TEST_F(OpenApi, HasEveryMethodOfTheAdministrationOnce) {
    auto const paths = document()["paths"];
    std::size_t count = 0;
    for (auto const& endpoint : routes.endpoints()) {
        if (endpoint.pattern.starts_with("/api/v1/")) count += endpoint.verbs.size();
    }
    std::set<std::string> ids;
    for (auto const& [path, methods] : paths.items()) {
        EXPECT_EQ(path.find_first_of("<>"), path.npos) << path;
        for (auto const& [method, operation] : methods.items()) {
            EXPECT_TRUE(ids.insert(operation["operationId"]).second) << path << ' ' << method;
            EXPECT_FALSE(operation["summary"].get<std::string>().empty());
            EXPECT_TRUE(operation["responses"].contains("400")) << path;
        }
    }
    EXPECT_EQ(ids.size(), count);
    EXPECT_THAT(ids, Contains("delete_repository"));
}

TEST_F(OpenApi, HasTheParametersThatAreParsed) {
    auto const paths = document()["paths"];
    auto const& tags = paths.at("/api/v1/repositories/{name}/tags").at("get");
    EXPECT_THAT(names_of(tags["parameters"]), UnorderedElementsAre("name", "sort", "match", "n", "last"));
    auto const& run = paths.at("/api/v1/gc/run").at("post");
    EXPECT_THAT(names_of(run["parameters"]), UnorderedElementsAre("now", "Ocilot-Request"));
    auto const& history = paths.at("/api/v1/repositories/{name}/tags/{tag}/history").at("get");
    EXPECT_THAT(names_of(history["parameters"]), UnorderedElementsAre("name", "tag", "n", "before"));
}

TEST_F(OpenApi, SaysThatEventsAreAPageOrAStream) {
    auto const events = document()["paths"].at("/api/v1/events").at("get");
    auto const& content = events.at("responses").at("200").at("content");
    EXPECT_EQ(content.at("application/json").at("schema").at("$ref"), "#/components/schemas/EventPage");
    EXPECT_EQ(content.at("text/event-stream").at("schema").at("type"), "string");
    for (auto const& parameter : events.at("parameters")) {
        bool const repeatable = parameter.at("schema").at("type") == "array";
        EXPECT_EQ(repeatable, parameter.at("name") != "after" && parameter.at("name") != "n") << parameter;
    }
}

TEST_F(OpenApi, RefersOnlyToWhatItHas) {
    auto const all = document();
    std::function<void(json const&)> const visit = [&](json const& part) {
        if (part.is_object() && part.contains("$ref")) {
            auto const target = part["$ref"].get<std::string>();
            ASSERT_TRUE(target.starts_with("#/")) << target;
            EXPECT_TRUE(all.contains(json::json_pointer(target.substr(1)))) << target;
        }
        if (part.is_structured()) {
            for (auto const& inner : part) visit(inner);
        }
    };
    visit(all);
    auto const& job = all["components"]["schemas"]["Job"];
    EXPECT_EQ(job["properties"]["next_at"]["type"], json::parse(R"(["string","null"])"));
    EXPECT_EQ(job["properties"]["last"]["anyOf"][0]["$ref"], "#/components/schemas/JobRound");
    EXPECT_EQ(all["components"]["schemas"]["NewAccount"]["additionalProperties"], false);
    EXPECT_EQ(all["components"]["schemas"]["NewAccount"]["required"], json::parse(R"(["name"])"));
}

TEST_F(OpenApi, SaysWhatNeedsALogin) {
    auto const all = document();
    EXPECT_EQ(all["security"].size(), 2U);
    auto const& own = all.at("paths").at("/api/v1/openapi.json").at("get");
    EXPECT_TRUE(own["security"].is_array() && own["security"].empty());
    EXPECT_EQ(all.at("paths").at("/api/v1/gc").at("get").at("x-right"), "admin");
}

TEST_F(OpenApi, AParameterThatItHasNotIsRefused) {
    auto const answer = boss(Method::get, "/api/v1/accounts?color=blue");
    EXPECT_EQ(answer.status(), 400U);
    EXPECT_TRUE(answer.says("unknown parameter \\\"color\\\": expected one of n, last")) << answer.text;
    EXPECT_EQ(get("/api/v1/accounts?color=blue").status(), 401U) << "who may not ask learns nothing";
    EXPECT_EQ(boss(Method::post, "/api/v1/keys?x=1", "{}").status(), 400U);
    EXPECT_EQ(as(basic("reader"), Method::get, "/v2/?ns=docker.io").status(), 200U) << "not in the protocol";
}

TEST_F(OpenApi, SlashesOfANameMayBeEscapedThereAndNowhereElse) {
    EXPECT_EQ(boss(Method::get, "/api/v1/repositories/team%2Fnone").status(), 404U);
    EXPECT_EQ(boss(Method::get, "/v2/team%2Fapp/tags/list").status(), 400U);
}

}  // namespace
}  // namespace ocilot::http
