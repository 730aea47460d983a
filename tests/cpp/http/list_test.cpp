#include "app_fixture.h"

namespace ocilot::http {
namespace {

class Lists : public test::AppTest {
  protected:
    std::string link_of(Answer const& answer) {
        auto const link = answer["Link"];
        if (link.empty()) return {};
        EXPECT_TRUE(link.starts_with("</") && link.ends_with(R"(>; rel="next")")) << link;
        return link.substr(1, link.find('>') - 1);
    }
};

TEST_F(Lists, OfTagsAreSorted) {
    for (auto const* tag : {"v2", "v1", "latest"}) push_image(tag);
    auto const answer = get("/v2/team/app/tags/list");
    EXPECT_EQ(answer.status(), 200U);
    EXPECT_EQ(answer["Content-Type"], "application/json");
    EXPECT_EQ(answer.text, R"({"name":"team/app","tags":["latest","v1","v2"]})");
    EXPECT_EQ(answer["Link"], "");
}

TEST_F(Lists, OfTagsComeInPages) {
    for (auto const* tag : {"a", "b", "c"}) push_image(tag);
    auto const first = get("/v2/team/app/tags/list?n=2");
    EXPECT_EQ(first.text, R"({"name":"team/app","tags":["a","b"]})");
    auto const next = link_of(first);
    EXPECT_EQ(next, "/v2/team/app/tags/list?last=b&n=2");
    auto const second = get(next);
    EXPECT_EQ(second.text, R"({"name":"team/app","tags":["c"]})");
    EXPECT_EQ(second["Link"], "");
    EXPECT_EQ(get("/v2/team/app/tags/list?n=3")["Link"], "");
    EXPECT_EQ(get("/v2/team/app/tags/list?last=aa").text, R"({"name":"team/app","tags":["b","c"]})");
}

TEST_F(Lists, OfNothingAreEmpty) {
    push_image("a");
    auto const none = get("/v2/team/app/tags/list?n=0");
    EXPECT_EQ(none.text, R"({"name":"team/app","tags":[]})");
    EXPECT_EQ(none["Link"], "");
    EXPECT_EQ(get("/v2/_catalog?n=0").text, R"({"repositories":[]})");
    EXPECT_EQ(get("/v2/_catalog?n=0")["Link"], "");
    auto const unknown = get("/v2/no/such/tags/list?n=0");
    EXPECT_EQ(unknown.status(), 404U);
    EXPECT_TRUE(unknown.says("NAME_UNKNOWN"));
}

TEST_F(Lists, RefuseBadNumbers) {
    push_image("a");
    for (auto const* n : {"-1", "abc", "99999999999999999999"}) {
        for (auto const* path : {"/v2/team/app/tags/list?n=", "/v2/_catalog?n="}) {
            auto const answer = get(std::string(path) + n);
            EXPECT_EQ(answer.status(), 400U) << n;
            EXPECT_TRUE(answer.says("PAGINATION_NUMBER_INVALID"));
        }
    }
}

TEST_F(Lists, OfRepositoriesAreCutToTheLimit) {
    settings.catalog_limit = 2;
    rebuild();
    for (auto const* name : {"b", "a/x", "c"}) push_image("v1", "", name);
    auto const first = get("/v2/_catalog?n=1000");
    EXPECT_EQ(first.text, R"({"repositories":["a/x","b"]})");
    EXPECT_EQ(link_of(first), "/v2/_catalog?last=b&n=2");
    EXPECT_EQ(get(link_of(first)).text, R"({"repositories":["c"]})");
}

TEST_F(Lists, OfRepositoriesHaveLinksBelowThePrefix) {
    for (auto const* name : {"a", "b"}) push_image("v1", "", name);
    settings.urls.prefix = "/registry";
    rebuild();
    auto const first = get("/registry/v2/_catalog?n=1");
    EXPECT_EQ(link_of(first), "/registry/v2/_catalog?last=a&n=1");
    EXPECT_EQ(get(link_of(first)).text, R"({"repositories":["b"]})");
}

}  // namespace
}  // namespace ocilot::http
