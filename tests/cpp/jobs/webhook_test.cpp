#include "events/signing_secret.h"
#include "jobs/webhook_receiver.h"
#include "jobs/webhooks.h"
#include "net/fake_http_client.h"
#include "registry/fixture.h"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

using namespace ocilot;
using namespace ocilot::test;
using jobs::DeliveryVerdict;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

namespace {

/// A body that never ends: silent after its first bytes.
class SilentBody final : public net::HttpBody {
  public:
    explicit SilentBody(Errc end) : end_(end) {}
    Task<Result<std::size_t>> read(std::span<std::byte> out) override {
        if (!std::exchange(begun_, true)) {
            out.front() = std::byte{'x'};
            co_return std::size_t{1};
        }
        co_return Error{end_, "timeout"};
    }
    [[nodiscard]] std::optional<std::uint64_t> length() const noexcept override { return {}; }

  private:
    Errc end_;
    bool begun_ = false;
};

/// Remembers the headers of the last request.
class RecordingClient final : public net::HttpClient {
  public:
    FakeHttpClient inner;
    net::HttpHeaders headers;
    std::optional<Errc> silent;  ///< how the body of each answer ends, after silence
    Task<Result<net::HttpResponse>> send(net::HttpRequest request) override {
        headers = request.headers;
        auto response = co_await inner.send(std::move(request));
        if (silent && response.has_value()) response->body = std::make_unique<SilentBody>(*silent);
        co_return response;
    }
    [[nodiscard]] auto count(std::string_view name) const {
        auto const same = [&](auto const& header) { return net::same_name(header.first, name); };
        return std::ranges::count_if(headers, same);
    }
    [[nodiscard]] std::string header(std::string_view name) const {
        return std::string(net::find_header(headers, name).value_or(""));
    }
};

class WebhookTest : public RegistryTest {
  protected:
    static constexpr char const* url = "https://ci.example.com/secret/path";

    jobs::Webhook a_webhook(std::string webhook_name = "ci") {
        return {.name = std::move(webhook_name), .url = url, .client = client};
    }
    static meta::Change a_change(std::int64_t id = 1) {
        meta::Change change{.id = id,
                            .at = Time(std::chrono::seconds(1'790'000'000)),
                            .kind = meta::ChangeKind::manifest_push,
                            .repository = "team/app",
                            .digest = "sha256:1"};
        change.details.tags = {{"v1"}};
        return change;
    }
    jobs::DeliveryAnswer answer_to(Page page) {
        client->inner.pages[url] = {std::move(page)};
        jobs::WebhookReceiver receiver(a_webhook(), clock, log);
        auto const change = a_change();
        auto answer = run(receiver.deliver(std::span(&change, 1), false));
        last = receiver.last();
        return answer;
    }

    jobs::DeliveryParts delivery() { return {*meta, clock, random, log, metrics, "here"}; }
    Task<> run_disabled() {
        auto webhook = a_webhook();
        webhook.enabled = false;
        std::vector<jobs::Webhook> list{std::move(webhook)};
        webhooks =
            std::make_unique<jobs::Webhooks>(co_await asio::this_coro::executor, std::move(list), delivery());
        co_await webhooks->run();  // None is enabled: it returns.
        auto const all = co_await webhooks->list();
        EXPECT_EQ(all.value().size(), 1U);
        EXPECT_EQ(all.value()[0].state, "disabled");
        EXPECT_EQ(all.value()[0].url, "https://ci.example.com");
        auto const unknown = co_await webhooks->status("nobody");
        EXPECT_EQ(unknown.error().code, Errc::not_found);
        webhooks.reset();
    }
    Task<> run_enabled() {
        std::vector<jobs::Webhook> list{a_webhook()};
        webhooks =
            std::make_unique<jobs::Webhooks>(co_await asio::this_coro::executor, std::move(list), delivery());
        auto const joined = co_await webhooks->join();
        EXPECT_TRUE(joined.has_value());
        co_await webhooks->run();
    }
    /// Notes a change, and stops the delivery once it has come.
    Task<> note_and_stop() {
        for (;;) {
            auto const consumers = co_await meta->consumers().list();
            if (!consumers.value().empty()) break;
            auto const written = co_await meta->check();  // A commit, which hands the thread on.
            EXPECT_TRUE(written.has_value());
        }
        std::vector<meta::Change> changes{a_change(0)};
        auto const noted = co_await meta->journal().append(std::move(changes));
        EXPECT_TRUE(noted.has_value());
        while (client->inner.sent.size() < 2) {
            auto const written = co_await meta->check();
            EXPECT_TRUE(written.has_value());
        }
        webhooks->stop();
    }

    std::unique_ptr<jobs::Webhooks> webhooks;
    std::shared_ptr<RecordingClient> client = std::make_shared<RecordingClient>();
    std::optional<jobs::WebhookExchange> last;
};

}  // namespace

TEST_F(WebhookTest, WhatAnAnswerMeansFollowsFromItsStatus) {
    EXPECT_EQ(answer_to({.status = 200}).verdict, DeliveryVerdict::delivered);
    EXPECT_EQ(answer_to({.status = 204}).verdict, DeliveryVerdict::delivered);
    EXPECT_EQ(answer_to({.status = 410}).verdict, DeliveryVerdict::gone);
    for (unsigned const status : {400U, 401U, 404U, 413U, 415U, 422U}) {
        EXPECT_EQ(answer_to({.status = status}).verdict, DeliveryVerdict::rejected) << status;
    }
    for (unsigned const status : {408U, 425U, 429U, 503U}) {
        EXPECT_EQ(answer_to({.status = status}).verdict, DeliveryVerdict::unavailable) << status;
    }
    for (unsigned const status : {500U, 502U, 504U}) {
        EXPECT_EQ(answer_to({.status = status}).verdict, DeliveryVerdict::failed) << status;
    }
    EXPECT_EQ(answer_to({.status = 429, .headers = {{"Retry-After", "17"}}}).retry_after,
              std::chrono::seconds(17));
    EXPECT_EQ(answer_to({.status = 429, .headers = {{"Retry-After", "Wed"}}}).retry_after,
              std::chrono::seconds(0));
}

TEST_F(WebhookTest, AnErrorShowsTheFirstBytesOfTheAnswerAndNoSecret) {
    auto const answer = answer_to({.status = 400, .body = "bad\x1b[31m card\n" + std::string(5000, 'x')});
    EXPECT_THAT(answer.error, HasSubstr("status 400: bad?[31m card"));
    EXPECT_THAT(answer.error, Not(HasSubstr("secret")));
    EXPECT_EQ(last->excerpt.size(), 1024U);
    EXPECT_EQ(last->status, 400U);
    client->inner.unreachable = {url};
    auto const refused = answer_to({});
    EXPECT_EQ(refused.verdict, DeliveryVerdict::unavailable);
    EXPECT_EQ(refused.error, "POST https://ci.example.com failed: connection refused");
    EXPECT_EQ(last->status, 0U);
}

TEST_F(WebhookTest, ARedirectIsNotFollowedAndItsTargetIsNamed) {
    auto const answer = answer_to(
        {.status = 307, .headers = {{"Location", "http://169.254.169.254/latest/meta-data?token=x"}}});
    EXPECT_EQ(answer.verdict, DeliveryVerdict::failed);
    EXPECT_EQ(answer.error,
              "status 307: redirects are not followed; set the url to the final address at "
              "http://169.254.169.254");
    EXPECT_EQ(client->inner.asked.size(), 1U);
}

TEST_F(WebhookTest, ARedirectToTheSameOriginIsFollowedWhereThatIsConfigured) {
    static constexpr char const* next = "https://ci.example.com/secret/path/";
    auto webhook = a_webhook();
    webhook.follows_redirects = true;
    webhook.headers = {{"Authorization", "Bearer x"}};
    jobs::WebhookReceiver receiver(webhook, clock, log);
    auto const change = a_change();
    auto const answer_of = [&](unsigned status, std::string location) {
        client->inner.asked.clear();
        client->inner.sent.clear();
        client->inner.pages[url] = {Page{.status = status, .headers = {{"Location", std::move(location)}}},
                                    Page{.status = 200}};
        client->inner.pages[next] = {Page{.status = 200}};
        return run(receiver.deliver(std::span(&change, 1), false));
    };
    for (unsigned const status : {301U, 302U, 307U, 308U}) {
        EXPECT_EQ(answer_of(status, "/secret/path/").verdict, DeliveryVerdict::delivered) << status;
        EXPECT_EQ(client->inner.asked[1], next);
        EXPECT_EQ(client->inner.sent[0], client->inner.sent[1]) << "the same body";
        EXPECT_EQ(client->header("Authorization"), "Bearer x");
    }
    for (auto const* const other : {"http://ci.example.com/", "https://ci.example.com:8443/",
                                    "https://other.example.com/", "//169.254.169.254/", "ftp://x"}) {
        auto const answer = answer_of(307, other);
        EXPECT_EQ(answer.verdict, DeliveryVerdict::failed) << other;
        EXPECT_THAT(answer.error, HasSubstr("status 307: this redirect is not followed")) << other;
        EXPECT_EQ(client->inner.asked.size(), 1U) << other;
    }
    EXPECT_EQ(answer_of(303, "/secret/path/").verdict, DeliveryVerdict::failed) << "it asks for a GET";
}

TEST_F(WebhookTest, ALoopOfRedirectsEnds) {
    auto webhook = a_webhook();
    webhook.follows_redirects = true;
    client->inner.pages[url] = {Page{.status = 308, .headers = {{"Location", url}}}};
    jobs::WebhookReceiver receiver(webhook, clock, log);
    auto const change = a_change();
    EXPECT_EQ(run(receiver.deliver(std::span(&change, 1), false)).verdict, DeliveryVerdict::failed);
    EXPECT_EQ(client->inner.asked.size(), 4U);
}

TEST_F(WebhookTest, AnAnswerThatIsTooLongIsCutAndSaidSo) {
    auto const answer = answer_to({.status = 200, .body = std::string(200'000, 'x')});
    EXPECT_EQ(answer.verdict, DeliveryVerdict::delivered);
    EXPECT_THAT(sink.text(), HasSubstr("webhook answer cut"));
}

TEST_F(WebhookTest, TheHeadOfAnAnswerCountsThoughItsBodyNeverEnds) {
    client->silent = Errc::unavailable;
    EXPECT_EQ(answer_to({.status = 200}).verdict, DeliveryVerdict::delivered);
    EXPECT_EQ(last->status, 200U);
    EXPECT_EQ(answer_to({.status = 400}).error, "status 400: x");
    client->silent = Errc::cancelled;
    EXPECT_EQ(answer_to({.status = 200}).verdict, DeliveryVerdict::delivered);
    EXPECT_EQ(answer_to({.status = 500}).verdict, DeliveryVerdict::cancelled);
}

TEST_F(WebhookTest, AConfiguredHeaderTakesThePlaceOfTheUsualOne) {
    auto webhook = a_webhook();
    webhook.headers = {{"content-type", "application/json"}, {"user-agent", "registry"}};
    client->inner.pages[url] = {Page{}};
    jobs::WebhookReceiver receiver(webhook, clock, log);
    auto const change = a_change();
    run(receiver.deliver(std::span(&change, 1), false));
    EXPECT_EQ(client->header("Content-Type"), "application/json");
    EXPECT_EQ(client->header("User-Agent"), "registry");
    EXPECT_EQ(client->count("Content-Type"), 1);
    EXPECT_EQ(client->count("User-Agent"), 1);
}

TEST_F(WebhookTest, ARequestIsSignedNamedAndSaysWhetherItIsAReplay) {
    auto webhook = a_webhook();
    webhook.secrets = {events::SigningSecret::parse("a secret of sixteen bytes").value()};
    webhook.headers = {{"Authorization", "Bearer x"}};
    client->inner.pages[url] = {Page{}};
    jobs::WebhookReceiver receiver(webhook, clock, log);
    auto const change = a_change();
    run(receiver.deliver(std::span(&change, 1), false));
    auto const body = nlohmann::json::parse(client->inner.sent.back());
    EXPECT_EQ(client->header("webhook-id"), body["id"]);
    EXPECT_THAT(client->header("webhook-signature"), HasSubstr("v1,"));
    EXPECT_EQ(client->header("Content-Type"), "application/cloudevents+json; charset=utf-8");
    EXPECT_EQ(client->header("Authorization"), "Bearer x");
    EXPECT_EQ(client->header("ocilot-replay"), "");
    run(receiver.deliver(std::span(&change, 1), true));
    EXPECT_EQ(client->header("ocilot-replay"), "true");
    EXPECT_EQ(client->header("webhook-id"), body["id"]) << "the same event";
}

TEST_F(WebhookTest, GetsWhatItsFilterLetsThroughOneInARequestOrSeveral) {
    auto webhook = a_webhook();
    client->inner.pages[url] = {Page{}};
    jobs::WebhookReceiver one_by_one(webhook, clock, log);
    meta::Change const blob{.kind = meta::ChangeKind::blob_push, .repository = "team/app"};
    EXPECT_FALSE(one_by_one.wants(blob));
    std::vector const changes{a_change(1), a_change(2)};
    EXPECT_TRUE(one_by_one.wants(changes[0]));
    run(one_by_one.deliver(changes, false));
    EXPECT_EQ(client->inner.sent.size(), 4U) << "two manifests and two tags";
    webhook.packing.several = true;
    webhook.batch = 3;
    client->inner.sent.clear();
    jobs::WebhookReceiver several(webhook, clock, log);
    run(several.deliver(changes, false));
    std::vector<std::size_t> sizes;
    for (auto const& sent : client->inner.sent) sizes.push_back(nlohmann::json::parse(sent).size());
    EXPECT_THAT(sizes, ElementsAre(3U, 1U));
}

TEST_F(WebhookTest, OnesThatAreConfiguredNoMoreAreForgotten) {
    for (auto const* const consumer : {"webhook:ci", "webhook:old", "hook:script.py"}) {
        ASSERT_TRUE(run(meta->consumers().join(consumer)).has_value());
    }
    run(run_disabled());
    std::vector<std::string> left;
    for (auto const& consumer : run(meta->consumers().list()).value()) left.push_back(consumer.name);
    EXPECT_THAT(left, ElementsAre("hook:script.py", "webhook:ci")) << "one that is disabled keeps its place";
    EXPECT_THAT(sink.text(), HasSubstr("webhook removed"));
}

TEST_F(WebhookTest, ACommitWakesTheDelivery) {
    client->inner.pages[url] = {Page{}};
    asio::io_context context(1);
    TaskGroup tasks(context.get_executor());
    tasks.spawn(run_enabled());
    tasks.spawn(note_and_stop());
    context.run();
    webhooks.reset();
    EXPECT_EQ(client->inner.sent.size(), 2U);
    auto const consumer = run(meta->consumers().list()).value().at(0);
    EXPECT_EQ(consumer.behind, 0U) << "the place was stored at the end";
    EXPECT_THAT(metrics.text(), HasSubstr("ocilot_consumer_lag_entries{consumer=\"webhook:ci\"}"));
}
