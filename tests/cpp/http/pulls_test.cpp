// Which requests count as pulls.

#include "auth_fixture.h"

#include <gmock/gmock.h>

namespace ocilot::http {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class CountedPulls : public test::AuthTest {
  protected:
    void SetUp() override {
        AuthTest::SetUp();
        counts_pulls = true;
        join();
        auto const writer = basic("writer");
        auto const config = sha256("{}");
        as(writer, Method::post, "/v2/team/app/blobs/uploads/?digest=" + config, "{}");
        auto const bytes = image(config);
        digest = sha256(bytes);
        as(writer, Method::put, path("v1"), bytes, {{"Content-Type", std::string(oci_manifest)}});
    }
    static std::string path(std::string const& reference) { return "/v2/team/app/manifests/" + reference; }
    /// `TAG:PULLS`, `@:PULLS` for a digest.
    std::vector<std::string> counted() {
        std::vector<std::string> found;
        for (auto const& count : pulls.take()) {
            EXPECT_EQ(count.digest.str(), digest);
            found.push_back((count.tag.empty() ? "@" : count.tag) + ":" + std::to_string(count.pulls));
        }
        return found;
    }
    unsigned pull(std::string const& reference, Method method = Method::get, test::Headers headers = {}) {
        return as(basic("reader"), method, path(reference), {}, std::move(headers)).status();
    }

    std::string digest;
};

TEST_F(CountedPulls, APushIsNone) {
    EXPECT_THAT(counted(), IsEmpty());
}

TEST_F(CountedPulls, AGetIsOneByTheNameThatItHas) {
    EXPECT_EQ(pull("v1"), 200U);
    EXPECT_EQ(pull("v1"), 200U);
    EXPECT_EQ(pull(digest), 200U);
    EXPECT_THAT(counted(), ElementsAre("@:1", "v1:2"));
}

TEST_F(CountedPulls, WhatIsNotSentIsNone) {
    EXPECT_EQ(pull("v2"), 404U);
    EXPECT_NE(as(basic("nobody"), Method::get, path("v1")).status(), 200U);
    EXPECT_THAT(counted(), IsEmpty());
}

TEST_F(CountedPulls, WhoAsksAgainUsesItAndAHeadByDigestMayBeOfAPush) {
    EXPECT_EQ(pull("v1", Method::head), 200U);
    EXPECT_EQ(pull("v1", Method::get, {{"If-None-Match", "\"" + digest + "\""}}), 304U);
    EXPECT_EQ(pull(digest, Method::head), 200U);
    EXPECT_THAT(counted(), ElementsAre("v1:0"));
    EXPECT_EQ(pull(digest, Method::get, {{"If-None-Match", "\"" + digest + "\""}}), 304U);
    EXPECT_THAT(counted(), ElementsAre("@:0"));
}

TEST_F(CountedPulls, ThoseOfScannersAreNone) {
    ignored_pulls = auth::IgnoredPulls::parse({"user:reader", "user-agent:Trivy*"}, {}).value();
    join();
    EXPECT_EQ(pull("v1"), 200U);
    EXPECT_EQ(pull("v1", Method::head), 200U);
    auto const as_writer = [&](std::string const& agent) {
        return as(basic("writer"), Method::get, path("v1"), {}, {{"User-Agent", agent}}).status();
    };
    EXPECT_EQ(as_writer("Trivy/0.5"), 200U);
    EXPECT_THAT(counted(), IsEmpty());
    EXPECT_EQ(as_writer("docker/27.0"), 200U);
    EXPECT_THAT(counted(), ElementsAre("v1:1"));
}

TEST_F(CountedPulls, ThoseThroughTheControlSocketAreNone) {
    locally = true;
    EXPECT_EQ(get(path("v1")).status(), 200U);
    EXPECT_THAT(counted(), IsEmpty());
}

}  // namespace
}  // namespace ocilot::http
