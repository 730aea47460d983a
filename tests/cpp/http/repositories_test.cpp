#include "auth_fixture.h"

#include <gmock/gmock.h>

namespace ocilot::http {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

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
        {"name":"team/app","tags":1,"manifests":1,"blobs":1,"bytes":274,"pushed_at":")" +
                                                    rfc3339(clock.now()) + R"("}]})"));
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

TEST_F(Repositories, AreSortedBySizeAndByLastPush) {
    for (auto const* const order : {"bytes", "-bytes", "pushed", "-pushed"}) {
        auto const query = "?n=1&sort=" + std::string(order);
        EXPECT_THAT(names("?sort=" + std::string(order)), UnorderedElementsAre("public/app", "team/app"));
        auto const first = boss(Method::get, "/api/v1/repositories" + query);
        auto const link = first["Link"];
        ASSERT_THAT(link, HasSubstr("&sort=" + std::string(order))) << "the next page is of the same list";
        auto const end = link.find('>');
        auto const second = boss(Method::get, link.substr(1, end - 1));
        auto found = json::parse(first.text)["repositories"];
        auto const rest = json::parse(second.text)["repositories"];
        for (auto const& row : rest) found.push_back(row);
        ASSERT_EQ(found.size(), 2U) << order;
        EXPECT_NE(found[0]["name"], found[1]["name"]);
        EXPECT_EQ(second["Link"], "");
    }
    EXPECT_EQ(boss(Method::get, "/api/v1/repositories?sort=bytes&last=x").status(), 400U);
    EXPECT_EQ(boss(Method::get, "/api/v1/repositories?sort=bytes&last=1-").status(), 400U);
}

TEST_F(Repositories, TheirTagsAreListedWithTheirImages) {
    std::string const path = "/api/v1/repositories/team/app/tags";
    auto const answer = boss(Method::get, path);
    EXPECT_EQ(answer.status(), 200U) << answer.text;
    auto const list = json::parse(answer.text);
    EXPECT_EQ(list["repository"], "team/app");
    ASSERT_EQ(list["tags"].size(), 1U);
    auto const& row = list["tags"][0];
    EXPECT_EQ(row["name"], "v1");
    EXPECT_EQ(row["digest"], sha256(manifest));
    EXPECT_EQ(row["media_type"], oci_manifest);
    EXPECT_EQ(row["size"], manifest.size() + 2);
    EXPECT_EQ(row["platforms"], json::array());
    EXPECT_EQ(row["pushed"]["by"], "writer");
    EXPECT_TRUE(row["pulled"].is_null());
    EXPECT_EQ(boss(Method::get, "/api/v1/repositories/team/none/tags").status(), 404U);
}

TEST_F(Repositories, ATagIsForThePlatformOfItsConfiguration) {
    auto const writer = basic("writer");
    std::string const settings_of_image = R"({"os":"linux","architecture":"arm64","variant":"v8"})";
    auto const digest = sha256(settings_of_image);
    ASSERT_EQ(
        as(writer, Method::post, "/v2/team/app/blobs/uploads/?digest=" + digest, settings_of_image).status(),
        201U);
    auto const text = fmt::format(
        R"({{"schemaVersion":2,"mediaType":"{}","config":{{"mediaType":"application/vnd.oci.image.config.v1+json",)"
        R"("digest":"{}","size":{}}},"layers":[]}})",
        oci_manifest, digest, settings_of_image.size());
    ASSERT_EQ(
        as(writer, Method::put, "/v2/team/app/manifests/v2", text, {{"Content-Type", oci_manifest}}).status(),
        201U);
    auto const answer = boss(Method::get, "/api/v1/repositories/team/app/tags?match=v2");
    EXPECT_EQ(json::parse(answer.text)["tags"][0]["platforms"], json::parse(R"(["linux/arm64/v8"])"));
}

TEST_F(Repositories, TagsAreSortedAndFilteredPageByPage) {
    auto const writer = basic("writer");
    for (std::string const name : {"v10", "main", "v2"}) {
        ASSERT_EQ(as(writer, Method::put, "/v2/team/app/manifests/" + name, manifest,
                     {{"Content-Type", oci_manifest}})
                      .status(),
                  201U);
    }
    auto const tags = [&](std::string target) {
        std::vector<std::string> found;
        while (!target.empty()) {
            auto const answer = boss(Method::get, target);
            EXPECT_EQ(answer.status(), 200U) << answer.text;
            auto const document = json::parse(answer.text);
            for (auto const& one : document["tags"]) found.push_back(one["name"]);
            auto const link = answer["Link"];
            target = link.empty() ? link : link.substr(1, link.find('>') - 1);
        }
        return found;
    };
    std::string const path = "/api/v1/repositories/team/app/tags?";
    EXPECT_THAT(tags(path + "n=1"), ElementsAre("main", "v1", "v10", "v2"));
    EXPECT_THAT(tags(path + "sort=-name&n=3"), ElementsAre("v2", "v10", "v1", "main"));
    EXPECT_THAT(tags(path + "sort=-size&n=1&match=v*"), ElementsAre("v2", "v10", "v1"));
    EXPECT_THAT(tags(path + "sort=pushed&n=2"), ElementsAre("main", "v1", "v10", "v2")) << "in one second";
    EXPECT_THAT(tags(path + "match={main,v?}"), ElementsAre("main", "v1", "v2"));
    EXPECT_THAT(tags(path + "n=0"), ElementsAre());
    for (auto const* const bad :
         {"sort=color", "match=v[0-9]", "match=", "n=x", "sort=size&last=x", "lsat=v1"}) {
        EXPECT_EQ(boss(Method::get, path + bad).status(), 400U) << bad;
    }
}

TEST_F(Repositories, TheHistoryOfATagIsBelowIt) {
    auto const answer = boss(Method::get, "/api/v1/repositories/team/app/tags/v1/history");
    EXPECT_EQ(answer.status(), 200U) << answer.text;
    auto const entries = json::parse(answer.text)["entries"];
    ASSERT_EQ(entries.size(), 1U);
    EXPECT_EQ(entries[0]["digest"], sha256(manifest));
    EXPECT_EQ(boss(Method::get, "/api/v1/repositories/team/app/tags/-v/history").status(), 400U);
    EXPECT_EQ(boss(Method::get, "/api/v1/history?repository=team/app&tag=v1").status(), 404U);
}

TEST_F(Repositories, OneWhoseNameEndsLikeAPathOfTagsIsMeantWithASlash) {
    auto const writer = basic("writer");
    ASSERT_EQ(as(writer, Method::post, "/v2/team/app/tags/blobs/uploads/?digest=" + config, "{}").status(),
              201U);
    EXPECT_EQ(json::parse(boss(Method::get, "/api/v1/repositories/team/app/tags/").text)["name"],
              "team/app/tags");
    EXPECT_EQ(boss(Method::del, "/api/v1/repositories/team/app/tags").status(), 405U);
    EXPECT_EQ(boss(Method::del, "/api/v1/repositories/team/app/tags/").status(), 200U);
    EXPECT_EQ(boss(Method::get, "/api/v1/repositories/team/app/").status(), 200U);
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
