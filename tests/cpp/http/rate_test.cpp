#include "http/core/rate.h"

#include "auth/refusals.h"
#include "auth_fixture.h"

namespace ocilot::http {
namespace {

using auth::RateRule;
using auth::RequestClass;

class Rate : public test::AuthTest {
  protected:
    void limit(std::vector<RequestClass> classes, std::uint64_t requests, bool per_address = false) {
        RateRule rule;
        rule.classes = std::move(classes);
        rule.requests = requests;
        rule.per_address = per_address;
        rates.emplace(std::vector<RateRule>{std::move(rule)}, metrics);
        join();
    }
    Answer tags(std::string const& name) { return as(basic(name), Method::get, "/v2/public/x/tags/list"); }
};

TEST_F(Rate, EveryAnswerTellsHowTheCallerStands) {
    limit({RequestClass::reads}, 2);
    auto const first = tags("reader");
    EXPECT_EQ(first.status(), 404U);
    EXPECT_EQ(first["RateLimit-Limit"], "2;w=60");
    EXPECT_EQ(first["RateLimit-Remaining"], "1;w=60");
    EXPECT_EQ(first["RateLimit-Reset"], "30");
    EXPECT_EQ(tags("reader").status(), 404U);
    auto const refused = tags("reader");
    EXPECT_EQ(refused.status(), 429U);
    EXPECT_TRUE(refused.says("TOOMANYREQUESTS"));
    EXPECT_TRUE(refused.says("retry in 30 s"));
    EXPECT_EQ(refused["Retry-After"], "30");
    EXPECT_EQ(refused["RateLimit-Remaining"], "0;w=60");
    EXPECT_EQ(refused.response.refusal, "too_many_requests");
    EXPECT_EQ(tags("writer").status(), 404U) << "others are not held up";
    time.time += std::chrono::seconds(30);
    EXPECT_EQ(tags("reader").status(), 404U);
}

TEST_F(Rate, WrongCredentialsCountForTheirAddress) {
    limit({RequestClass::reads}, 2);
    auto const guess = [&] { return as("Bearer a.b.c", Method::get, "/v2/public/x/tags/list").status(); };
    EXPECT_EQ(guess(), 401U);
    EXPECT_EQ(guess(), 401U);
    EXPECT_EQ(guess(), 429U);
    EXPECT_EQ(tags("reader").status(), 404U) << "whoever is known there is not held up";
}

TEST_F(Rate, ARefusalIsInTheJournal) {
    limit({RequestClass::reads}, 1);
    tags("reader");
    for (int i = 0; i < 3; ++i) tags("reader");
    ASSERT_TRUE(ocilot::test::run(refusals->flush()).has_value());
    auto const noted = ocilot::test::run(meta->journal().entries({.action = "limit"})).value().items;
    ASSERT_EQ(noted.size(), 1U);
    EXPECT_EQ(noted.front().by.name, "reader");
    EXPECT_EQ(noted.front().repository, "public/x");
    EXPECT_EQ(noted.front().name, "reads");
    EXPECT_EQ(noted.front().times, 3U);
    EXPECT_TRUE(noted.front().refused);
}

TEST_F(Rate, OnlyAManifestThatIsReadIsAPull) {
    auto const kind = [this](Method method, std::string_view path) {
        return class_of(*routes.find(path)->endpoint->find(method), method);
    };
    EXPECT_EQ(kind(Method::get, "/v2/a/manifests/b"), RequestClass::manifests);
    EXPECT_EQ(kind(Method::head, "/v2/a/manifests/b"), RequestClass::reads);
    EXPECT_EQ(kind(Method::put, "/v2/a/manifests/b"), RequestClass::writes);
    EXPECT_EQ(kind(Method::get, "/v2/"), RequestClass::reads);
    EXPECT_EQ(kind(Method::post, "/v2/a/blobs/uploads/"), RequestClass::writes);
    EXPECT_EQ(kind(Method::get, "/token"), RequestClass::logins);
    EXPECT_EQ(kind(Method::head, "/token"), RequestClass::logins);
    EXPECT_EQ(kind(Method::post, "/token"), RequestClass::logins);
}

TEST_F(Rate, LoginsAreCountedByAddressWhateverNameTheyBring) {
    limit({RequestClass::logins}, 2);
    EXPECT_EQ(as(basic("reader"), Method::get, "/token").status(), 200U);
    EXPECT_EQ(as(basic("writer"), Method::get, "/token").status(), 200U);
    auto const refused = as(basic("boss"), Method::get, "/token");
    EXPECT_EQ(refused.status(), 429U);
    EXPECT_EQ(tags("reader").status(), 404U);
}

TEST_F(Rate, WithoutLimitsNothingIsTold) {
    auto const answer = tags("reader");
    EXPECT_EQ(answer["RateLimit-Limit"], "");
}

}  // namespace
}  // namespace ocilot::http
