#include "issuers/fetched_keys.h"

#include "base/log.h"
#include "fixed_clock.h"
#include "jose/test_key.h"
#include "net/fake_http_client.h"
#include "net/loopback.h"
#include "run.h"

#include <fstream>
#include <gmock/gmock.h>

using namespace ocilot;
using namespace std::chrono_literals;
using issuers::FetchedKeys;
using test::TestKey;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

using Keys = Result<std::shared_ptr<jose::PublicKeys const>>;

class KeySource : public testing::Test {
  protected:
    void SetUp() override {
        client->put(discovery, document);
        client->put(keys_url, first.jwks(R"("kid":"first",)"));
        make({{issuer, "", client}});
    }
    void make(std::vector<FetchedKeys::Issuer> issuers) {
        source = FetchedKeys::make(std::move(issuers), {pool, clock, log}).value();
    }
    std::string refusal(FetchedKeys::Issuer one) {
        auto const refused = FetchedKeys::make({std::move(one)}, {pool, clock, log});
        if (refused.has_value()) return "it was taken";
        EXPECT_EQ(refused.error().code, Errc::config);
        return refused.error().message;
    }
    Keys ask(std::string kid = "first") { return test::run(source->keys(issuer, std::move(kid))); }
    std::string trouble(std::string kid = "first") {
        auto const keys = ask(std::move(kid));
        if (keys.has_value()) return "there are keys";
        EXPECT_EQ(keys.error().code, Errc::unavailable);
        return keys.error().message;
    }
    static bool has(Keys const& keys, std::string_view kid) {
        return keys.has_value() && (*keys)->find(kid, jose::SigningAlgorithm::es256) != nullptr;
    }
    /// Puts another key in the first one's place.
    void change_keys() { client->put(keys_url, second.jwks(R"("kid":"second",)")); }
    void cut_off() { client->unreachable.push_back(keys_url); }

    std::string const issuer = "https://issuer.example/tenant";
    std::string const discovery = issuer + "/.well-known/openid-configuration";
    std::string const keys_url = "https://keys.example/jwks";
    std::string const document =
        R"({"issuer":"https://issuer.example/tenant","jwks_uri":"https://keys.example/jwks","other":[1]})";
    TestKey first = TestKey::ec();
    TestKey second = TestKey::ec();
    std::shared_ptr<test::FakeHttpClient> client = std::make_shared<test::FakeHttpClient>();
    BlockingPool pool{1};
    test::FixedClock clock;
    MemorySink sink;
    Log log{sink, clock, LogFormat::text, LogLevel::debug};
    std::unique_ptr<FetchedKeys> source;
};

Task<> keep(FetchedKeys& source, std::string issuer, std::string kid, std::vector<Keys>& answers) {
    auto keys = co_await source.keys(std::move(issuer), std::move(kid));
    answers.push_back(std::move(keys));
}

void rethrow(std::exception_ptr problem) {
    if (problem) std::rethrow_exception(problem);
}

}  // namespace

TEST_F(KeySource, FindsKeysByDiscoveryAndKeepsThemForAnHour) {
    EXPECT_TRUE(has(ask(), "first"));
    clock.advance(59min);
    EXPECT_TRUE(has(ask(), "first"));
    EXPECT_THAT(client->asked, ElementsAre(discovery, keys_url));
    clock.advance(2min);
    EXPECT_TRUE(has(ask(), "first"));
    EXPECT_EQ(client->asked.size(), 4U);
}

TEST_F(KeySource, TakesKeysFromAUrlOrAFile) {
    make({{issuer, keys_url, client}});
    EXPECT_TRUE(has(ask(), "first"));
    EXPECT_THAT(client->asked, ElementsAre(keys_url));

    test::TemporaryDirectory const directory;
    std::ofstream(directory.file("jwks.json")) << second.jwks(R"("kid":"second",)");
    make({{"kubernetes/serviceaccount", directory.file("jwks.json"), client}});
    EXPECT_TRUE(has(test::run(source->keys("kubernetes/serviceaccount", "second")), "second"));
    std::ofstream(directory.file("key.pem")) << first.public_pem();
    make({{issuer, directory.file("key.pem"), client}});
    EXPECT_EQ(ask("").value()->size(), 1U);
    EXPECT_EQ(client->asked.size(), 1U);
}

TEST_F(KeySource, FetchesForAnUnknownKeyAtMostOnceAMinute) {
    EXPECT_TRUE(has(ask(), "first"));
    change_keys();
    EXPECT_FALSE(has(ask("second"), "second"));
    EXPECT_EQ(client->asked.size(), 2U);
    clock.advance(61s);
    EXPECT_TRUE(has(ask("second"), "second"));
    EXPECT_EQ(client->asked.size(), 4U);
    clock.advance(61s);
    EXPECT_FALSE(has(ask("made-up"), "made-up"));
    for (int i = 0; i < 100; ++i) EXPECT_FALSE(has(ask("made-up"), "made-up"));
    EXPECT_EQ(client->asked.size(), 6U);
}

TEST_F(KeySource, GoesOnWithOldKeysForADayWhileTheIssuerIsAway) {
    EXPECT_TRUE(has(ask(), "first"));
    cut_off();
    clock.advance(2h);
    EXPECT_TRUE(has(ask(), "first"));
    EXPECT_EQ(client->asked.size(), 4U);
    EXPECT_TRUE(has(ask(), "first"));
    EXPECT_EQ(client->asked.size(), 4U);
    EXPECT_THAT(sink.text(), HasSubstr("connection refused"));
    clock.advance(23h);
    EXPECT_EQ(
        trouble(),
        "cannot fetch signing keys of issuer https://issuer.example/tenant: GET https://keys.example failed: "
        "connection refused");
}

TEST_F(KeySource, DoesNotAskAgainAtOnceWhenThereIsNothingToBeHad) {
    cut_off();
    EXPECT_THAT(trouble(), HasSubstr("connection refused"));
    EXPECT_THAT(trouble(), HasSubstr("connection refused"));
    EXPECT_EQ(client->asked.size(), 2U);
    clock.advance(11s);
    client->put(keys_url, first.jwks(R"("kid":"first",)"));
    EXPECT_TRUE(has(ask(), "first"));
}

TEST_F(KeySource, FetchesOnceForAllWhoWait) {
    asio::io_context context(1);
    std::vector<Keys> answers;
    client->holds = true;
    for (int i = 0; i < 10; ++i) asio::co_spawn(context, keep(*source, issuer, "first", answers), rethrow);
    context.poll();
    ASSERT_EQ(client->held.size(), 1U);
    client->holds = false;
    client->held.front()(0);
    context.run();
    ASSERT_EQ(answers.size(), 10U);
    for (auto const& answer : answers) EXPECT_TRUE(has(answer, "first"));
    EXPECT_EQ(client->asked.size(), 2U);
}

TEST_F(KeySource, KeepsNobodyWaitingWhoseKeyIsKnown) {
    EXPECT_TRUE(has(ask(), "first"));
    clock.advance(2h);
    asio::io_context context(1);
    std::vector<Keys> answers;
    client->holds = true;
    asio::co_spawn(context, keep(*source, issuer, "first", answers), rethrow);
    context.poll();
    asio::co_spawn(context, keep(*source, issuer, "first", answers), rethrow);
    context.poll();
    EXPECT_EQ(answers.size(), 1U);
    client->holds = false;
    client->held.front()(0);
    context.run();
    EXPECT_EQ(answers.size(), 2U);
}

TEST_F(KeySource, BelievesNoDocumentThatIsNotTheIssuers) {
    auto const refused = [this](std::string page) {
        client->put(discovery, std::move(page));
        make({{issuer, "", client}});
        return trouble();
    };
    EXPECT_THAT(refused(R"({"issuer":"https://other.example","jwks_uri":"https://keys.example/jwks"})"),
                HasSubstr("names another issuer"));
    EXPECT_THAT(refused(R"({"issuer":"https://issuer.example/tenant"})"), HasSubstr("no usable jwks_uri"));
    EXPECT_THAT(
        refused(R"({"issuer":"https://issuer.example/tenant","jwks_uri":"http://keys.example/jwks"})"),
        HasSubstr("no usable jwks_uri"));
    EXPECT_THAT(refused("<html>"), HasSubstr("cannot fetch signing keys"));
    client->pages.erase(discovery);
    make({{issuer, "", client}});
    EXPECT_THAT(trouble(),
                HasSubstr("https://issuer.example/tenant/.well-known/openid-configuration answered 404"));
    client->put(discovery, document);
    client->put(keys_url, R"({"keys":[{"kty":"oct","k":"AAAA"}]})");
    make({{issuer, "", client}});
    EXPECT_THAT(trouble(), HasSubstr("cannot fetch signing keys"));
}

TEST_F(KeySource, TakesKeysOverPlainHttpFromThisMachineAlone) {
    EXPECT_EQ(refusal({"http://127.0.0.1:8080", "", client}), "it was taken");
    EXPECT_EQ(
        refusal({"http://issuer.example", "", client}),
        "cannot use keys of issuer http://issuer.example from http://issuer.example: plain HTTP does not "
        "protect the keys from replacement; use https://");
    EXPECT_THAT(refusal({issuer, "http://keys.example/jwks", client}), HasSubstr("use https://"));
    EXPECT_THAT(refusal({"kubernetes/serviceaccount", "", client}), HasSubstr("invalid URL"));
}

TEST_F(KeySource, KnowsOnlyIssuersItWasToldOf) {
    auto const answer = test::run(source->keys("https://other.example", "first"));
    EXPECT_EQ(answer.error().code, Errc::unavailable);
    EXPECT_TRUE(client->asked.empty());
}
