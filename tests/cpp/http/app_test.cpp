#include "app_fixture.h"

namespace ocilot::http {
namespace {

class Protocol : public test::AppTest {};

TEST_F(Protocol, BaseSaysThatThisIsARegistry) {
    for (auto const* path : {"/v2/", "/v2", "//v2//"}) {
        auto const answer = get(path);
        EXPECT_EQ(answer.status(), 200U) << path;
        EXPECT_EQ(answer.text, "{}");
        EXPECT_EQ(answer["Docker-Distribution-Api-Version"], "registry/2.0");
        EXPECT_EQ(answer["X-Content-Type-Options"], "nosniff");
        EXPECT_EQ(answer["Content-Type"], "application/json");
    }
}

TEST_F(Protocol, TheRootSaysWhatAnswersAndWhereTheApiIs) {
    auto const line = get("/");
    EXPECT_EQ(line.status(), 200U);
    EXPECT_EQ(line["Content-Type"], "text/plain; charset=utf-8");
    EXPECT_TRUE(line.says("ocilot, a container and OCI artifact registry. API: http://r.test/v2/ "))
        << line.text;
    EXPECT_EQ(std::ranges::count(line.text, '\n'), 1);
    auto const head = ask(Method::head, "/");
    EXPECT_EQ(head.status(), 200U);
    EXPECT_EQ(head.response.content_length, line.text.size());
    settings.urls.prefix = "/registry/";
    rebuild();
    for (auto const* path : {"/registry/", "/registry"}) {
        EXPECT_TRUE(get(path).says("API: http://r.test/registry/v2/ ")) << path;
    }
}

TEST_F(Protocol, UnknownPathsAndMethodsAreToldInJson) {
    auto const unknown = get("/v2/foo");
    EXPECT_EQ(unknown.status(), 404U);
    EXPECT_TRUE(unknown.says(R"({"errors":[{"code":"UNSUPPORTED")"));
    EXPECT_EQ(unknown["Docker-Distribution-Api-Version"], "registry/2.0");
    auto const method = ask(Method::post, "/v2/a/tags/list");
    EXPECT_EQ(method.status(), 405U);
    EXPECT_EQ(method["Allow"], "GET, HEAD, OPTIONS");
    EXPECT_TRUE(method.says("UNSUPPORTED"));
    EXPECT_EQ(ask(Method::other, "/v2/").status(), 405U);
}

TEST_F(Protocol, OptionsTellsWhatIsAllowed) {
    auto const answer = ask(Method::options, "/v2/a/manifests/x");
    EXPECT_EQ(answer.status(), 204U);
    EXPECT_EQ(answer["Allow"], "GET, HEAD, PUT, DELETE, OPTIONS");
    EXPECT_EQ(ask(Method::options, "*").status(), 204U);
}

TEST_F(Protocol, SlashesInARowAreOneForReadsAndWrongForWrites) {
    push_image("v1");
    EXPECT_EQ(get("/v2//team//app/tags/list").status(), 200U);
    EXPECT_EQ(ask(Method::head, "//v2/team/app///manifests/v1").status(), 200U);
    auto const write = ask(Method::post, "/v2/team//app/blobs/uploads/");
    EXPECT_EQ(write.status(), 400U);
    EXPECT_TRUE(write.says("NAME_INVALID"));
    EXPECT_EQ(ask(Method::post, "/v2/team/app/blobs//uploads/").status(), 404U);
}

TEST_F(Protocol, NamesOutOfTheGrammarAreRefused) {
    for (auto const* name : {"E/T", "a/", "-a", "a___b", "a..b", "a.-b", "%2e%2e", "a%20b", "a%2fb"}) {
        auto const answer = ask(Method::post, fmt::format("/v2/{}/blobs/uploads/", name));
        EXPECT_EQ(answer.status(), 400U) << name;
        EXPECT_TRUE(answer.says("NAME_INVALID")) << name;
    }
    EXPECT_EQ(ask(Method::post, "/v2/a__b/blobs/uploads/").status(), 202U);
    EXPECT_EQ(ask(Method::post, "/v2/" + std::string(300, 'a') + "/blobs/uploads/").status(), 400U);
    EXPECT_EQ(ask(Method::post, "/v2/tags/list/blobs/uploads/blobs/uploads").status(), 202U);
}

TEST_F(Protocol, APrefixMovesTheWholeApi) {
    settings.urls.prefix = "/registry/";
    settings.headers = {{"x-content-type-options", "custom"}, {"Strict-Transport-Security", "max-age=1"}};
    rebuild();
    auto const answer = ask(Method::post, "/registry/v2/a/blobs/uploads/");
    EXPECT_EQ(answer.status(), 202U);
    EXPECT_TRUE(answer["Location"].starts_with("http://r.test/registry/v2/a/blobs/uploads/"));
    EXPECT_EQ(answer["x-content-type-options"], "custom");
    EXPECT_EQ(answer["X-Content-Type-Options"], "");
    EXPECT_EQ(answer["Strict-Transport-Security"], "max-age=1");
    auto const outside = get("/v2/");
    EXPECT_EQ(outside.status(), 404U);
    EXPECT_TRUE(outside.says("/registry/v2/"));
}

TEST_F(Protocol, DenialsCarryTheirReason) {
    gate = &strict_gate;
    rebuild();
    strict_gate.closed = {{"a", policy::Action::create}};
    auto const answer = ask(Method::post, "/v2/a/blobs/uploads/", {}, "body");
    EXPECT_EQ(answer.status(), 403U);
    EXPECT_TRUE(answer.says(R"("code":"DENIED","message":"closed for the holidays")"));
    EXPECT_EQ(reads, 0);
    EXPECT_EQ(ask(Method::post, "/v2/b/blobs/uploads/").status(), 202U);
    strict_gate.refused_manifests = "images need an owner";
    auto const refused = put("v1", image(push("{}")));
    EXPECT_EQ(refused.status(), 403U);
    EXPECT_TRUE(refused.says("images need an owner"));
}

TEST_F(Protocol, OptionsNeedsNoRight) {
    gate = &strict_gate;
    rebuild();
    strict_gate.closed = {{"a", policy::Action::pull}};
    EXPECT_EQ(ask(Method::options, "/v2/a/tags/list").status(), 204U);
    EXPECT_EQ(get("/v2/a/tags/list").status(), 403U);
}

TEST_F(Protocol, WhatCannotBeReadIsRefusedAndClosed) {
    auto const response = app->refuse({Errc::header_too_large, {}});
    EXPECT_EQ(response.status, 431U);
    EXPECT_TRUE(response.close);
    EXPECT_EQ(test::value(response, "Docker-Distribution-Api-Version"), "registry/2.0");
}

TEST_F(Protocol, RoutesHaveNamesForTheLog) {
    auto const name = [&](std::string const& target, Method method = Method::get) {
        return ask(method, target).response.route;
    };
    EXPECT_EQ(name("/v2/a/manifests/x?n=1"), "manifest");
    EXPECT_EQ(name("/v2/a/blobs/uploads/x", Method::patch), "upload");
    EXPECT_EQ(name("/v2//a/tags/list"), "tags");
    EXPECT_EQ(name("/healthz"), "operations");
    EXPECT_EQ(name("/v2/%zz"), "unknown");
    EXPECT_EQ(name("/nothing"), "unknown");
}

class Health : public test::AppTest {};

TEST_F(Health, IsTold) {
    EXPECT_EQ(get("/healthz").text, "ok\n");
    EXPECT_EQ(get("/readyz?verbose").status(), 200U);
    metrics.counter("ocilot_test_total", "A test.").add(3);
    auto const numbers = get("/metrics");
    EXPECT_EQ(numbers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_TRUE(numbers.says("ocilot_test_total 3"));
    EXPECT_EQ(ask(Method::post, "/healthz").status(), 405U);
}

TEST_F(Health, IsNotReadyWhileDraining) {
    operations->start_draining();
    EXPECT_EQ(get("/readyz").status(), 503U);
    EXPECT_EQ(get("/healthz").status(), 200U);
}

TEST_F(Health, LivesElsewhereIfToldSo) {
    settings.operations = false;
    rebuild();
    EXPECT_EQ(get("/healthz").status(), 404U);
    Request request;
    request.target = "/v2/";
    EXPECT_EQ(ocilot::test::run(operations->handle(request)).status, 404U);
}

}  // namespace
}  // namespace ocilot::http
