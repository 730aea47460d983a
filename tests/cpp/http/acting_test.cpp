#include "auth_fixture.h"

namespace ocilot::http {
namespace {

/// Requests through the control socket in the name of an account.
class Acting : public test::AuthTest {
  protected:
    unsigned status(std::string const& who, std::string const& target = "/v2/team/app/tags/list") {
        return ask(Method::get, target, {{"Ocilot-As", who}}).status();
    }
    void SetUp() override {
        AuthTest::SetUp();
        locally = true;
        auto const config = "/v2/team/app/blobs/uploads/?digest=" + sha256("{}");
        EXPECT_EQ(ask(Method::post, config, {}, "{}").status(), 201U);
        EXPECT_EQ(ask(Method::put, "/v2/team/app/manifests/v1", {{"Content-Type", oci_manifest}},
                      image(sha256("{}")))
                      .status(),
                  201U);
    }
};

TEST_F(Acting, HasTheRightsOfTheAccount) {
    EXPECT_EQ(status("robot:bot"), 200U);
    EXPECT_EQ(status("user:reader"), 200U);
    EXPECT_EQ(status("user:nobody"), 403U);
    EXPECT_EQ(status("robot:bot", "/api/v1/accounts"), 403U);
    EXPECT_EQ(status("user:boss", "/api/v1/audit"), 200U);
    EXPECT_EQ(ask(Method::del, "/v2/team/app/manifests/v1", {{"Ocilot-As", "robot:bot"}}).status(), 403U);
    EXPECT_EQ(ask(Method::put, "/v2/team/app/manifests/v2",
                  {{"Ocilot-As", "robot:bot"}, {"Content-Type", oci_manifest}}, image(sha256("{}")))
                  .status(),
              201U);
    auto const pushed = ocilot::test::run(meta->journal().entries({.action = "manifest.push", .limit = 1}))
                            .value()
                            .items.at(0);
    EXPECT_EQ(pushed.by.name, "bot");
    EXPECT_EQ(pushed.by.kind, "robot");
}

TEST_F(Acting, RefusesWhoIsNotThere) {
    for (auto const* who : {"robot:missing", "robot:reader", "user:bot"}) {
        auto const answer = ask(Method::get, "/v2/team/app/tags/list", {{"Ocilot-As", who}});
        EXPECT_EQ(answer.status(), 401U) << who;
        EXPECT_TRUE(answer.says("does not exist")) << answer.text;
    }
    ASSERT_TRUE(
        ocilot::test::run(meta->accounts().change("reader", {.disabled = true}, {}, time.now())).has_value());
    EXPECT_EQ(status("user:reader"), 401U);
    for (auto const* who : {"", "bot", "robot:", "local:local", "system:x"})
        EXPECT_EQ(status(who), 400U) << who;
}

TEST_F(Acting, MeansNothingElsewhere) {
    locally = false;
    EXPECT_EQ(status("user:boss"), 401U) << "a header is no login";
    EXPECT_EQ(
        as(basic("nobody"), Method::get, "/v2/team/app/tags/list", {}, {{"Ocilot-As", "user:boss"}}).status(),
        403U);
}

}  // namespace
}  // namespace ocilot::http
