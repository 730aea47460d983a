#include "base/task_group.h"
#include "http_fixture.h"

#include <boost/asio/post.hpp>

using namespace ocilot;
using namespace std::chrono_literals;
using test::hang_up;
using test::hold;
using test::ok;
using test::PiecesBody;
using test::WireServer;
using testing::HasSubstr;

namespace {

using HttpPool = test::HttpFixture;

Task<> cancelled_request(net::HttpClient& client, std::string url, bool quiet, std::optional<Error>& error) {
    co_await asio::this_coro::throw_if_cancelled(!quiet);
    net::HttpRequest request{.url = std::move(url)};
    auto const response = co_await client.send(std::move(request));
    if (response.has_error()) error = response.error();
}

}  // namespace

TEST_F(HttpPool, UsesAConnectionAgain) {
    WireServer server({{ok("1"),
                        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n2\r\n0\r\n\r\n"},
                        {"HTTP/1.1 204 No Content\r\n\r\n"},
                        ok("4")}});
    for (auto const* const body : {"1", "2", "", "4"}) EXPECT_EQ(get(server.url()).value().body, body);
    EXPECT_EQ(server.connections(), 1U);
    EXPECT_EQ(metric(R"(connections_total{client="test",connection="new"})"), "1");
    EXPECT_EQ(metric(R"(connections_total{client="test",connection="reused"})"), "3");
}

TEST_F(HttpPool, KeepsNoConnectionThatCannotBeUsedAgain) {
    WireServer server({
        {ok("1", "Connection: close\r\n"), ok("never")},
        {{"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\n2"}, ok("never")},
        {{ok("3") + "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nforge"}, ok("never")},
        {ok("4")},
    });
    for (auto const* const body : {"1", "2", "3"}) {
        EXPECT_EQ(get(server.url()).value().body, body);
        EXPECT_EQ(idle(), 0U);
    }
    EXPECT_EQ(get(server.url()).value().body, "4");
}

TEST_F(HttpPool, NoticesThatAKeptConnectionIsClosed) {
    auto const certificate = named("DNS:localhost");
    for (auto const* const tls : {static_cast<test::Pair509 const*>(nullptr), &certificate}) {
        WireServer server({{hang_up(ok("1"))}, {hang_up(ok("2"))}}, {.certificate = tls});
        EXPECT_EQ(get(server.url()).value().body, "1");
        server.wait_closed(1);
        EXPECT_EQ(fetch({.method = "POST", .url = server.url()}).value().body, "2");
    }
    EXPECT_EQ(metric(R"(connections_total{client="test",connection="reused"})"), "0");
}

TEST_F(HttpPool, SendsOnceMoreWhatIsSafeToRepeat) {
    // The connection is closed only when the second request has arrived, so it looks good until then.
    WireServer server({{ok("1"), hang_up()}, {ok("2"), test::reset()}, {ok("3"), hang_up()}, {hang_up()}});
    EXPECT_EQ(get(server.url()).value().body, "1");
    EXPECT_EQ(get(server.url()).value().body, "2");
    EXPECT_EQ(fetch({.method = "PUT", .url = server.url(), .body = "x"}).value().body, "3");
    EXPECT_THAT(failure({.url = server.url()}), HasSubstr("closed before")) << "once, and not for ever";
    EXPECT_EQ(server.connections(), 4U);
    EXPECT_EQ(metric(R"(requests_total{client="test",outcome="response"})"), "3");
    EXPECT_EQ(metric(R"(requests_total{client="test",outcome="error"})"), "1");
}

TEST_F(HttpPool, NeverRepeatsWhatMayHaveBeenDone) {
    WireServer server(
        {{ok("1"), hang_up()}, {ok("2"), hang_up("HTTP/1.1 200")}, {ok("3"), hang_up()}, {ok("")}});
    EXPECT_EQ(get(server.url()).value().body, "1");
    EXPECT_THAT(failure({.method = "POST", .url = server.url(), .body = "x"}), HasSubstr("POST http"));
    EXPECT_EQ(get(server.url()).value().body, "2");
    EXPECT_THAT(failure({.url = server.url()}), HasSubstr("closed before")) << "some of an answer came";
    EXPECT_EQ(get(server.url()).value().body, "3");
    auto source = std::make_unique<PiecesBody>(std::vector<std::string>{"x"}, 1);
    EXPECT_THAT(failure({.method = "PUT", .url = server.url(), .source = std::move(source)}),
                HasSubstr("PUT"));
    EXPECT_EQ(server.connections(), 3U);
}

TEST_F(HttpPool, SeparatesHostsAndClients) {
    WireServer server({{ok("1"), ok("never")}, {ok("2"), ok("never")}, {ok("3"), ok("never")}});
    EXPECT_EQ(get(server.url()).value().body, "1");
    EXPECT_EQ(get(fmt::format("http://127.0.0.1:{}/", server.port())).value().body, "2");
    make({});
    EXPECT_EQ(get(server.url()).value().body, "3");
    EXPECT_EQ(idle(), 3U);
    net::HttpConnectionPool::of(context.get_executor()).close();
    EXPECT_EQ(idle(), 0U);
    context.restart();
    context.run_for(1s);
    EXPECT_TRUE(context.stopped()) << "nothing keeps the context of a server that stops";
}

TEST_F(HttpPool, KeepsOnlySoManyConnections) {
    make({.idle = {.per_route = 2}});
    WireServer server({{ok("1"), hold()}, {ok("2"), hold()}, {ok("3"), hold()}});
    std::vector<net::HttpResponse> responses;
    for (int i = 0; i < 3; ++i) responses.push_back(send({.url = server.url()}).value());
    for (auto const& response : responses) EXPECT_TRUE(run(net::read_all(*response.body, 10)).has_value());
    EXPECT_EQ(idle(), 2U);
    server.wait_closed(1);
    make({.idle = {.per_route = 0}});
    WireServer other({{ok("1"), ok("never")}});
    EXPECT_TRUE(get(other.url()).has_value());
    other.wait_closed(1);
}

TEST_F(HttpPool, KeepsThemOnlySoLong) {
    make({.idle = {.age = 10ms}});
    WireServer server({{ok("1"), ok("never")}, {ok("2"), ok("never")}});
    EXPECT_EQ(get(server.url()).value().body, "1");
    context.restart();
    while (idle() > 0) context.run_one();  // Until the timer that watches over them has fired.
    server.wait_closed(1);
    EXPECT_EQ(get(server.url()).value().body, "2");
}

TEST_F(HttpPool, EndsWithItsContext) {
    WireServer server({{ok("1"), ok("never")}});
    {
        asio::io_context other(1);
        std::optional<Result<net::HttpDocument>> result;
        net::HttpRequest request{.url = server.url()};
        asio::co_spawn(other.get_executor(),
                       test::keep_result(net::fetch(*client, std::move(request)), result),
                       [](std::exception_ptr problem) { EXPECT_FALSE(problem); });
        while (!result) other.run_one();
        EXPECT_EQ(net::HttpConnectionPool::of(other.get_executor()).size(), 1U);
    }
    server.wait_closed(1);
}

TEST_F(HttpPool, ClosesTheConnectionOfACancelledRequest) {
    WireServer server({{hold()}, {hold()}});
    TaskGroup group(context.get_executor());
    std::array<std::optional<Error>, 2> errors;
    group.spawn(cancelled_request(*client, server.url(), false, errors[0]));
    group.spawn(cancelled_request(*client, server.url(), true, errors[1]));
    while (server.requests().size() < 2) context.poll_one();
    group.cancel();
    while (group.size() > 0) context.run_one();
    server.wait_closed(2);
    for (auto const& error : errors) {
        ASSERT_TRUE(error.has_value());
        EXPECT_EQ(error->code, Errc::cancelled);
    }
    EXPECT_EQ(idle(), 0U);
}

TEST_F(HttpPool, ServesManyRequestsAtOnce) {
    constexpr std::size_t count = 40;
    auto const bytes = test::pattern(200'000);
    WireServer server(std::vector<WireServer::Script>(3 * count, {ok(bytes), ok(bytes), ok(bytes)}));
    for (int round = 0; round < 3; ++round) {
        std::vector<std::optional<Result<net::HttpDocument>>> results(count);
        TaskGroup group(context.get_executor());
        for (auto& result : results) {
            net::HttpRequest request{.url = server.url()};
            group.spawn(test::keep_result(net::fetch(*client, std::move(request)), result));
        }
        context.restart();
        while (group.size() > 0) context.run_one();
        for (auto const& result : results) EXPECT_TRUE(result->value().body == bytes);
    }
    EXPECT_LE(server.connections(), count * 3);
    EXPECT_LE(idle(), 16U);
}
