#include "net/fake_http_client.h"
#include "net/http_fixture.h"

#include <functional>

// What every HttpClient keeps: the one over sockets, and the fake that other tests use in its place.

using namespace ocilot;
using test::Page;
using test::PiecesBody;
using test::WireServer;
using testing::HasSubstr;
using testing::Not;

namespace {

std::string wire(Page const& page, bool head) {
    auto out = fmt::format("HTTP/1.1 {} OK\r\nContent-Length: {}\r\n", page.status, page.body.size());
    for (auto const& [name, value] : page.headers) out += fmt::format("{}: {}\r\n", name, value);
    return out + "\r\n" + (head ? "" : page.body);
}

/// Who answers, and how it is asked.
class Peer {
  public:
    virtual ~Peer() = default;
    /// Has the requests that follow answered with these pages, in order; answers the URL of the first one.
    virtual std::string serve(std::vector<std::pair<std::string, Page>> pages, bool head) = 0;
    virtual net::HttpClient& client() = 0;
    virtual std::string unreachable() = 0;
    virtual std::string body() = 0;  ///< of the last request
};

class RealPeer final : public Peer {
  public:
    std::string serve(std::vector<std::pair<std::string, Page>> pages, bool head) override {
        WireServer::Script script;
        for (auto const& [path, page] : pages) script.emplace_back(wire(page, head));
        auto const first = pages.front().first;
        server_.emplace(std::vector<WireServer::Script>{std::move(script)});
        return server_->url(first);
    }
    net::HttpClient& client() override { return client_; }
    std::string unreachable() override {
        auto const gone = test::stuck_listener();
        return fmt::format("http://127.0.0.1:{}/path/secret?secret", test::port_of(gone));
    }
    std::string body() override {
        auto const all = server_->requests().back();
        return all.substr(all.find("\r\n\r\n") + 4);
    }

  private:
    std::optional<WireServer> server_;
    Metrics metrics_;
    net::PooledHttpClient client_{{.name = "contract", .trust = net::TlsTrust::load({}).value()}, metrics_};
};

class FakePeer final : public Peer {
  public:
    std::string serve(std::vector<std::pair<std::string, Page>> pages, bool) override {
        for (auto const& [path, page] : pages) client_.pages["http://peer.test" + path] = {page};
        return "http://peer.test" + pages.front().first;
    }
    net::HttpClient& client() override { return client_; }
    std::string unreachable() override {
        client_.unreachable.emplace_back("http://gone.test/path/secret?secret");
        return client_.unreachable.back();
    }
    std::string body() override { return client_.sent.back(); }

  private:
    test::FakeHttpClient client_;
};

struct Kind {
    char const* name;
    std::function<std::unique_ptr<Peer>()> make;
};

class HttpClientContract : public test::HttpFixture, public testing::WithParamInterface<Kind> {
  protected:
    Result<net::HttpDocument> fetch(net::HttpRequest request) {
        return run(net::fetch(peer->client(), std::move(request)));
    }
    std::string serve(Page page, bool head = false) {
        return peer->serve({{"/page", std::move(page)}}, head);
    }
    std::unique_ptr<Peer> peer = GetParam().make();
};

}  // namespace

TEST_P(HttpClientContract, AnswersWithStatusHeadersAndBody) {
    auto const url = serve({.status = 418, .body = "short and stout", .headers = {{"X-Kind", "teapot"}}});
    auto const document = fetch({.url = url}).value();
    EXPECT_EQ(document.status, 418U);
    EXPECT_EQ(net::find_header(document.headers, "x-kind"), "teapot");
    EXPECT_EQ(document.body, "short and stout");
    EXPECT_EQ(document.url, url);
}

TEST_P(HttpClientContract, HandsTheBodyOutInPieces) {
    auto const url = serve({.body = "hello"});
    auto const response = run(peer->client().send({.url = url})).value();
    EXPECT_EQ(response.body->length(), 5U);
    std::string all;
    for (int i = 0; i < 5; ++i) all += read(*response.body, 1).value();
    EXPECT_EQ(all, "hello");
    for (int i = 0; i < 3; ++i) EXPECT_EQ(read(*response.body).value(), "") << "the end stays the end";
}

TEST_P(HttpClientContract, HasNoBodyAfterHead) {
    auto const url = serve({.body = "hello"}, true);
    EXPECT_EQ(fetch({.method = "HEAD", .url = url}).value().body, "");
}

TEST_P(HttpClientContract, RefusesABodyOverItsLimit) {
    auto const url = serve({.body = "hello"});
    auto const refused = fetch({.url = url, .max_body = 4}).error();
    EXPECT_EQ(refused.code, Errc::unavailable);
    EXPECT_THAT(refused.message, HasSubstr("exceeds 4 bytes"));
}

TEST_P(HttpClientContract, SendsBodies) {
    EXPECT_TRUE(fetch({.method = "PUT", .url = serve({}), .body = "text"}).has_value());
    EXPECT_EQ(peer->body(), "text");
    auto source = std::make_unique<PiecesBody>(std::vector<std::string>{"a", "bc"}, 3);
    EXPECT_TRUE(fetch({.method = "PUT", .url = serve({}), .source = std::move(source)}).has_value());
    EXPECT_EQ(peer->body(), "abc");
}

TEST_P(HttpClientContract, HandsOnTheErrorOfASource) {
    auto source = std::make_unique<PiecesBody>(std::vector<std::string>{"a", "!"}, std::nullopt);
    auto const failed = fetch({.method = "PUT", .url = serve({}), .source = std::move(source)}).error();
    EXPECT_EQ(failed.code, Errc::blob_unknown);
    EXPECT_EQ(failed.message, "the source failed");
}

TEST_P(HttpClientContract, FollowsRedirectsOnlyWhenAsked) {
    std::vector<std::pair<std::string, Page>> const pages{
        {"/old", {.status = 302, .headers = {{"Location", "/new"}}}}, {"/new", {.body = "here"}}};
    EXPECT_EQ(fetch({.url = peer->serve(pages, false)}).value().status, 302U);
    auto const document = fetch({.url = peer->serve(pages, false), .redirects = {.max = 1}}).value();
    EXPECT_EQ(document.body, "here");
    EXPECT_THAT(document.url, testing::EndsWith("/new"));
}

TEST_P(HttpClientContract, RefusesMalformedRequests) {
    EXPECT_EQ(fetch({.url = "ftp://peer.test/"}).error().code, Errc::bad_request);
    EXPECT_EQ(fetch({.method = "G T", .url = "http://peer.test/"}).error().code, Errc::bad_request);
    net::HttpRequest smuggling{.url = "http://peer.test/", .headers = {{"A", "b\r\nC: d"}}};
    EXPECT_EQ(fetch(std::move(smuggling)).error().code, Errc::bad_request);
}

TEST_P(HttpClientContract, SaysWhichOriginFailedAndNothingSecret) {
    auto const url = peer->unreachable();
    auto const failed = fetch({.url = url}).error();
    EXPECT_EQ(failed.code, Errc::unavailable);
    EXPECT_THAT(failed.message, HasSubstr("GET " + url.substr(0, url.find('/', 8)) + " failed: "));
    EXPECT_THAT(failed.message, Not(HasSubstr("secret")));
}

INSTANTIATE_TEST_SUITE_P(All, HttpClientContract,
                         testing::Values(Kind{"Pooled", [] { return std::make_unique<RealPeer>(); }},
                                         Kind{"Fake", [] { return std::make_unique<FakePeer>(); }}),
                         [](testing::TestParamInfo<Kind> const& kind) {
                             return std::string(kind.param.name);
                         });
