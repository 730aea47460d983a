#include "http_fixture.h"

using namespace ocilot;
using namespace std::chrono_literals;
using test::hang_up;
using test::hold;
using test::ok;
using test::PiecesBody;
using test::Reply;
using test::WireServer;
using testing::EndsWith;
using testing::HasSubstr;

namespace {

using HttpBody = test::HttpFixture;

std::unique_ptr<PiecesBody> pieces(std::vector<std::string> all, std::optional<std::uint64_t> length) {
    return std::make_unique<PiecesBody>(std::move(all), length);
}

}  // namespace

TEST_F(HttpBody, IsReadAsItArrives) {
    auto const bytes = test::pattern(3'000'000);
    WireServer server({{ok(bytes),
                        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwith\r\n"
                        "8\r\n no size\r\n0\r\n\r\n"}});
    auto response = send({.url = server.url()}).value();
    EXPECT_EQ(response.body->length(), bytes.size());
    std::string all;
    while (all.size() < bytes.size()) all += read(*response.body, 70'000).value();
    EXPECT_TRUE(all == bytes);
    EXPECT_EQ(read(*response.body).value(), "");
    EXPECT_EQ(read(*response.body).value(), "") << "the end is still the end";

    response = send({.url = server.url()}).value();
    EXPECT_EQ(response.body->length(), std::nullopt);
    EXPECT_EQ(read(*response.body, 3).value(), "wit");
    EXPECT_EQ(run(net::read_all(*response.body, 100)).value(), "h no size");
    EXPECT_EQ(server.connections(), 1U);
}

TEST_F(HttpBody, IsNotTakenInFasterThanItIsRead) {
    auto const bytes = test::pattern(32 * 1024 * 1024);
    WireServer server({{hang_up(ok(bytes))}});
    {
        auto const response = send({.url = server.url()}).value();
        EXPECT_EQ(read(*response.body, 10).value(), bytes.substr(0, 10));
    }  // The server is still writing, and is let go only now.
    server.wait_closed(1);
}

TEST_F(HttpBody, ClosesTheConnectionIfItIsDropped) {
    WireServer server({{ok(test::pattern(100'000)), ok("")}, {ok("next")}});
    send({.url = server.url()}).value();
    server.wait_closed(1);
    EXPECT_EQ(get(server.url()).value().body, "next");
    EXPECT_EQ(server.connections(), 2U);
}

TEST_F(HttpBody, MayBeSilentForSomeTimeOnly) {
    auto const certificate = named("DNS:localhost");
    for (auto const* const tls : {static_cast<test::Pair509 const*>(nullptr), &certificate}) {
        WireServer server({{hold("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")}}, {.certificate = tls});
        auto const response = send({.url = server.url(), .timeouts = {.stall = 20ms}}).value();
        EXPECT_EQ(read(*response.body).value(), "half");
        auto const late = read(*response.body).error();
        EXPECT_EQ(late.code, Errc::unavailable);
        EXPECT_THAT(late.message, HasSubstr("failed: the response body stopped arriving"));
        EXPECT_EQ(read(*response.body).error().message, late.message) << "it does not go on";
        server.wait_closed(1);
    }
}

TEST_F(HttpBody, IsOverWhenTheTimeOfTheWholeRequestIs) {
    WireServer server({{hold("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")}});
    EXPECT_THAT(failure({.url = server.url(), .timeouts = {.total = 30ms}}),
                HasSubstr("GET http://localhost"));
}

TEST_F(HttpBody, IsSentWithItsLength) {
    auto const bytes = test::pattern(200'000);
    WireServer server({{ok("")}});
    auto source = pieces({bytes.substr(0, 5), bytes.substr(5, 100'000), bytes.substr(100'005)}, bytes.size());
    EXPECT_EQ(fetch({.method = "PUT", .url = server.url(), .source = std::move(source)}).value().status,
              200U);
    EXPECT_THAT(server.requests().at(0), HasSubstr("Content-Length: 200000\r\n"));
    EXPECT_TRUE(server.requests().at(0).ends_with("\r\n\r\n" + bytes));
}

TEST_F(HttpBody, IsSentInChunksIfItsLengthIsNotKnown) {
    auto const certificate = named("DNS:localhost");
    WireServer server({{ok(""), ok("")}}, {.certificate = &certificate});
    auto source = pieces({"hello", std::string(26, 'x')}, std::nullopt);
    EXPECT_TRUE(fetch({.method = "PUT", .url = server.url(), .source = std::move(source)}).has_value());
    EXPECT_THAT(server.requests().at(0), EndsWith("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1a\r\n" +
                                                  std::string(26, 'x') + "\r\n0\r\n\r\n"));
    EXPECT_TRUE(
        fetch({.method = "PUT", .url = server.url(), .source = pieces({}, std::nullopt)}).has_value());
    EXPECT_THAT(server.requests().at(1), EndsWith("chunked\r\n\r\n0\r\n\r\n"));
    EXPECT_EQ(server.connections(), 1U);
}

TEST_F(HttpBody, HandsOnWhyItCannotBeSent) {
    WireServer server({{ok("")}, {ok("")}});
    auto const failed =
        fetch({.method = "PUT", .url = server.url(), .source = pieces({"a", "!"}, std::nullopt)}).error();
    EXPECT_EQ(failed.code, Errc::blob_unknown);
    EXPECT_EQ(failed.message, "the source failed");
    auto const early = fetch({.method = "PUT", .url = server.url(), .source = pieces({"abc"}, 5)}).error();
    EXPECT_EQ(early.code, Errc::size_invalid);
    EXPECT_THAT(early.message, HasSubstr("after 3 of 5 bytes"));
    server.wait_closed(2);
    EXPECT_TRUE(server.requests().empty()) << "half a request is none";
}

TEST_F(HttpBody, IsNotSentToItsEndIfTheServerHasEnough) {
    auto const certificate = named("DNS:localhost");
    std::string const refusal = "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nno!";
    for (auto const* const tls : {static_cast<test::Pair509 const*>(nullptr), &certificate}) {
        for (auto const then : {Reply::Then::hold, Reply::Then::close}) {
            // OpenSSL reads nothing more over a connection that was reset while it was written to.
            if (tls != nullptr && then == Reply::Then::close) continue;
            WireServer server({{{refusal, then, true}}}, {.certificate = tls});
            std::vector<std::string> all(2000, std::string(60'000, 'x'));
            auto source = pieces(std::move(all), std::nullopt);
            auto const document =
                fetch({.method = "PUT", .url = server.url(), .source = std::move(source)}).value();
            EXPECT_EQ(document.status, 413U);
            EXPECT_EQ(document.body, "no!");
            EXPECT_EQ(idle(), 0U) << "such a connection is of no use any more";
        }
    }
}

TEST_F(HttpBody, IsNotWrittenToAServerThatReadsNothing) {
    auto const listening = test::stuck_listener();
    std::vector<std::string> all(1000, std::string(60'000, 'x'));
    auto source = pieces(std::move(all), std::nullopt);
    auto const url = fmt::format("http://127.0.0.1:{}/", test::port_of(listening));
    EXPECT_THAT(
        failure({.method = "PUT", .url = url, .source = std::move(source), .timeouts = {.stall = 20ms}}),
        HasSubstr("the server stopped reading the request"));
}

TEST_F(HttpBody, GoesOnAfterAnInterimResponse) {
    // The first reply is only the interim response; the second one waits for the rest of the request.
    WireServer server({{{"HTTP/1.1 100 Continue\r\n\r\n", Reply::Then::rest, true}, ok("got it")}});
    auto source = pieces(std::vector<std::string>(100, std::string(60'000, 'x')), std::nullopt);
    EXPECT_EQ(fetch({.method = "PUT", .url = server.url(), .source = std::move(source)}).value().body,
              "got it");
    EXPECT_EQ(server.requests().at(0).size() - server.requests().at(0).find("\r\n\r\n"), 6'000'009 + 100 * 8);
}
