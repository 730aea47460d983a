#include "auth_fixture.h"

#include <gmock/gmock.h>

namespace ocilot::http {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

/// `team/app` and `public/app` with an image each, and whoever administers them.
class Repositories : public test::AuthTest {
  protected:
    void SetUp() override {
        AuthTest::SetUp();
        for (std::string const name : {"team/app", "public/app"}) {
            auto const writer = basic("writer");
            config = sha256("{}");
            auto const upload = "/v2/" + name + "/blobs/uploads/?digest=" + config;
            ASSERT_EQ(as(writer, Method::post, upload, "{}").status(), 201U);
            manifest = image(config);
            ASSERT_EQ(as(writer, Method::put, "/v2/" + name + "/manifests/v1", manifest,
                         {{"Content-Type", oci_manifest}})
                          .status(),
                      201U);
        }
    }
    Answer boss(Method method, std::string const& target, std::string_view content = {}) {
        return as(basic("boss"), method, target, content, {{"Content-Type", "application/json"}});
    }
    Answer set_alias(std::string const& name, std::string const& target) {
        return boss(Method::put, "/api/v1/aliases/" + name, R"({"target":")" + target + "\"}");
    }
    std::vector<std::string> names(std::string const& query = "") {
        std::vector<std::string> found;
        auto const answer = boss(Method::get, "/api/v1/repositories" + query);
        EXPECT_EQ(answer.status(), 200U) << answer.text;
        auto const document = json::parse(answer.text, nullptr, false);
        for (auto const& one : document["repositories"]) found.push_back(one["name"]);
        return found;
    }
    /// What a role gets under a name: manifest, blob, tags and referrers have the same answer.
    unsigned pull(std::string const& role, std::string const& name) {
        auto const authorization = role.empty() ? std::string() : basic(role);
        return pull_as(authorization, name);
    }
    unsigned pull_as(std::string const& authorization, std::string const& name) {
        auto const ask_for = [&](Method method, std::string const& what) {
            auto const target = "/v2/" + name + what;
            return authorization.empty() ? ask(method, target) : as(authorization, method, target);
        };
        auto const status = ask_for(Method::get, "/manifests/v1").status();
        for (auto const method : {Method::get, Method::head}) {
            for (auto const& what : {std::string("/manifests/v1"), "/manifests/" + sha256(manifest),
                                     "/blobs/" + config, std::string("/tags/list")}) {
                EXPECT_EQ(ask_for(method, what).status(), status) << what;
            }
        }
        return status;
    }
    std::string config;
    std::string manifest;
};

TEST_F(Repositories, AreListedWithWhatTheyHold) {
    auto const answer = boss(Method::get, "/api/v1/repositories?prefix=team/");
    EXPECT_EQ(answer.status(), 200U);
    EXPECT_EQ(json::parse(answer.text), json::parse(R"({"repositories":[
        {"name":"team/app","tags":1,"manifests":1,"blobs":1,"bytes":274}]})"));
    EXPECT_THAT(names(), ElementsAre("public/app", "team/app"));
    auto const first = boss(Method::get, "/api/v1/repositories?n=1&prefix=");
    EXPECT_EQ(first["Link"], R"(</api/v1/repositories?last=public/app&n=1>; rel="next")");
    EXPECT_THAT(names("?last=public/app&n=1"), ElementsAre("team/app"));
    EXPECT_THAT(names("?n=0"), ElementsAre());
    auto const one = boss(Method::get, "/api/v1/repositories/team/app");
    EXPECT_EQ(json::parse(one.text)["bytes"], 274);
    EXPECT_EQ(boss(Method::get, "/api/v1/repositories/team/none").status(), 404U);
    EXPECT_EQ(boss(Method::get, "/api/v1/repositories/Team").status(), 400U);
}

TEST_F(Repositories, AreDeletedWithEverythingInThem) {
    auto const answer = boss(Method::del, "/api/v1/repositories/team/app");
    EXPECT_EQ(answer.status(), 200U);
    EXPECT_EQ(json::parse(answer.text)["manifests"], 1);
    EXPECT_EQ(pull("reader", "team/app"), 404U);
    EXPECT_EQ(pull("", "public/app"), 200U) << "others keep what they share";
    EXPECT_EQ(boss(Method::del, "/api/v1/repositories/team/app").status(), 404U);
}

TEST_F(Repositories, AreRenamed) {
    auto const path = "/api/v1/repositories/team/app";
    auto const answer = boss(Method::patch, path, R"({"name":"team/new"})");
    EXPECT_EQ(answer.status(), 200U) << answer.text;
    EXPECT_EQ(json::parse(answer.text)["name"], "team/new");
    EXPECT_EQ(pull("reader", "team/new"), 200U);
    EXPECT_EQ(pull("reader", "team/app"), 404U);
    EXPECT_EQ(boss(Method::patch, path, R"({"name":"team/other"})").status(), 404U);
    auto const taken = boss(Method::patch, "/api/v1/repositories/team/new", R"({"name":"public/app"})");
    EXPECT_EQ(taken.status(), 409U);
    EXPECT_TRUE(taken.says("already exists"));
    for (auto const* const body : {"{}", R"({"name":"Team"})", R"({"name":"a","alais":true})", "[]"}) {
        EXPECT_EQ(boss(Method::patch, "/api/v1/repositories/team/new", body).status(), 400U) << body;
    }
}

TEST_F(Repositories, KeepTheirOldNameForPulls) {
    auto const path = "/api/v1/repositories/team/app";
    ASSERT_EQ(boss(Method::patch, path, R"({"name":"team/new","alias":true})").status(), 200U);
    EXPECT_EQ(pull("reader", "team/app"), 200U);
    EXPECT_EQ(get("/v2/team/app/manifests/v1").status(), 401U);
    auto const reader = basic("reader");
    auto const tags = as(reader, Method::get, "/v2/team/app/tags/list");
    EXPECT_EQ(json::parse(tags.text), json::parse(R"({"name":"team/app","tags":["v1"]})"));
    EXPECT_EQ(as(reader, Method::get, "/v2/team/app/manifests/v2").status(), 404U);
    auto const list = json::parse(boss(Method::get, "/api/v1/aliases").text)["aliases"];
    ASSERT_EQ(list.size(), 1U);
    EXPECT_EQ(list[0]["name"], "team/app");
    EXPECT_EQ(list[0]["target"], "team/new");
    EXPECT_EQ(boss(Method::del, "/api/v1/aliases/team/app").status(), 204U);
    EXPECT_EQ(pull("reader", "team/app"), 404U);
    EXPECT_EQ(boss(Method::del, "/api/v1/aliases/team/app").status(), 404U);
}

TEST_F(Repositories, AnAliasListsTheReferrersOfItsTarget) {
    auto const subject = fmt::format(R"(,"subject":{{"mediaType":"{}","digest":"{}","size":{}}})",
                                     oci_manifest, sha256(manifest), manifest.size());
    auto const signature = image(config, "signature", subject);
    ASSERT_EQ(as(basic("writer"), Method::put, "/v2/team/app/manifests/" + sha256(signature), signature,
                 {{"Content-Type", oci_manifest}})
                  .status(),
              201U);
    ASSERT_EQ(set_alias("team/old", "team/app").status(), 200U);
    auto const path = "/referrers/" + sha256(manifest);
    auto const reader = basic("reader");
    auto const under_alias = as(reader, Method::get, "/v2/team/old" + path);
    EXPECT_EQ(under_alias.text, as(reader, Method::get, "/v2/team/app" + path).text);
    EXPECT_TRUE(under_alias.says(sha256(signature)));
}

TEST_F(Repositories, APushToAnAliasIsRefusedAndMakesNoRepository) {
    ASSERT_EQ(set_alias("team/old", "team/app").status(), 200U);
    auto const writer = basic("writer");
    auto const upload = as(writer, Method::post, "/v2/team/old/blobs/uploads/");
    EXPECT_EQ(upload.status(), 403U);
    EXPECT_THAT(upload.text, HasSubstr("team/old is an alias, which is for pulls only"));
    EXPECT_EQ(
        as(writer, Method::post, "/v2/team/old/blobs/uploads/?mount=" + config + "&from=team/app").status(),
        403U);
    auto const put =
        as(writer, Method::put, "/v2/team/old/manifests/v2", manifest, {{"Content-Type", oci_manifest}});
    EXPECT_EQ(put.status(), 403U);
    EXPECT_TRUE(put.says("DENIED"));
    EXPECT_EQ(as(basic("remover"), Method::del, "/v2/team/old/manifests/v1").status(), 404U);
    EXPECT_THAT(names("?prefix=team/"), ElementsAre("team/app"));
    EXPECT_EQ(pull("reader", "team/app"), 200U);
}

TEST_F(Repositories, AnUploadThatBeganBeforeTheAliasEndsWithItsError) {
    auto const writer = basic("writer");
    auto const started = as(writer, Method::post, "/v2/team/old/blobs/uploads/");
    ASSERT_EQ(started.status(), 202U);
    ASSERT_EQ(set_alias("team/old", "team/app").status(), 200U);
    auto const location = path_of(started["Location"]);
    auto const ended = as(writer, Method::put, location + "?digest=" + sha256("late"), "late");
    EXPECT_EQ(ended.status(), 403U) << ended.text;
    EXPECT_THAT(names("?prefix=team/"), ElementsAre("team/app"));
}

TEST_F(Repositories, AnAliasGivesNoRights) {
    ASSERT_EQ(set_alias("public/secret", "team/app").status(), 200U);
    EXPECT_EQ(pull("", "public/secret"), 404U) << "as if there were none";
    EXPECT_EQ(pull("nobody", "public/secret"), 404U);
    EXPECT_EQ(pull("reader", "public/secret"), 200U) << "who may pull both";
    ASSERT_EQ(set_alias("team/old", "public/app").status(), 200U);
    EXPECT_EQ(pull("reader", "team/old"), 200U);
    EXPECT_EQ(pull("nobody", "team/old"), 403U) << "the target is public, the alias is not";
    ASSERT_EQ(set_alias("public/open", "public/app").status(), 200U);
    EXPECT_EQ(pull("", "public/open"), 200U);
}

TEST_F(Repositories, ATokenForTheAliasIsEnoughIfItsOwnerMayPullTheTarget) {
    ASSERT_EQ(set_alias("team/old", "team/app").status(), 200U);
    EXPECT_EQ(pull_as(bearer_for("scope=repository:team/old:pull", basic("reader")), "team/old"), 200U);
    ASSERT_EQ(set_alias("public/secret", "team/app").status(), 200U);
    EXPECT_EQ(pull_as(bearer_for("scope=repository:public/secret:pull"), "public/secret"), 404U);
    // The owner may, but not with the secret that the token was given for.
    auto const secret = add_secret("bot", {"repository:public/**:pull"});
    auto const bot = basic("bot", secret);
    EXPECT_EQ(pull_as(bot, "public/secret"), 404U);
    EXPECT_EQ(pull_as(bearer_for("scope=repository:public/secret:pull", bot), "public/secret"), 404U);
}

TEST_F(Repositories, AreAdministeredByWhoAdministersTheRegistry) {
    auto texts = rules_of_the_house();
    texts.insert(texts.begin(), {{"team/app"}, {{"user:writer", {"admin"}}}});
    checking->set_rules(std::make_shared<auth::Rules const>(auth::Rules::compile(texts, {}).value()));
    EXPECT_EQ(as(basic("writer"), Method::del, "/api/v1/repositories/team/app").status(), 403U);
    EXPECT_EQ(boss(Method::del, "/api/v1/repositories/team/app").status(), 200U);
}

TEST_F(Repositories, ARefusedAliasSaysWhy) {
    EXPECT_EQ(set_alias("team/app", "public/app").status(), 409U);
    EXPECT_EQ(set_alias("team/old", "team/none").status(), 404U);
    EXPECT_EQ(set_alias("team/old", "Team").status(), 400U);
    EXPECT_EQ(boss(Method::put, "/api/v1/aliases/team/old", "{}").status(), 400U);
}

}  // namespace
}  // namespace ocilot::http
