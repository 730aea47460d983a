#include "http_fixture.h"

using namespace ocilot;
using namespace std::chrono_literals;
using net::HttpRequest;
using test::hang_up;
using test::hold;
using test::ok;
using test::WireServer;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

namespace {

using HttpClient = test::HttpFixture;

}  // namespace

TEST_F(HttpClient, SendsARequestAndReadsTheResponse) {
    WireServer server({{hang_up(ok("hello", "X-A: 1\r\nx-a: 2\r\n"))}});
    auto const document = fetch({.url = server.url("/a?b=c"), .headers = {{"Accept", "text/plain"}}}).value();
    EXPECT_EQ(document.status, 200U);
    EXPECT_EQ(document.body, "hello");
    EXPECT_EQ(net::find_header(document.headers, "X-a"), "1");
    EXPECT_EQ(document.url, server.url("/a?b=c"));
    EXPECT_EQ(server.requests().at(0), fmt::format("GET /a?b=c HTTP/1.1\r\nHost: localhost:{}\r\nUser-Agent: "
                                                   "ocilot\r\nAccept: text/plain\r\n\r\n",
                                                   server.port()));
    EXPECT_EQ(metric(R"(requests_total{client="test",outcome="response"})"), "1");
}

TEST_F(HttpClient, SendsASmallBody) {
    WireServer server({{ok("{}"), ok("")}});
    EXPECT_TRUE(fetch({.method = "POST", .url = server.url(), .body = "event"}).has_value());
    EXPECT_THAT(server.requests().at(0), EndsWith("Content-Length: 5\r\n\r\nevent"));
    EXPECT_TRUE(fetch({.method = "POST", .url = server.url()}).has_value());
    EXPECT_THAT(server.requests().at(1), EndsWith("Content-Length: 0\r\n\r\n"));
}

TEST_F(HttpClient, SendsTheRangeThatIsAskedFor) {
    WireServer server(
        {{"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 2-4/9\r\nContent-Length: 3\r\n\r\ncde"}});
    auto const part = fetch({.url = server.url(), .headers = {{"Range", "bytes=2-4"}}}).value();
    EXPECT_EQ(part.status, 206U);
    EXPECT_EQ(part.body, "cde");
    EXPECT_THAT(server.requests().at(0), HasSubstr("Range: bytes=2-4\r\n"));
}

TEST_F(HttpClient, AnswersWhateverTheStatusIs) {
    WireServer server({{hang_up("HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy")}});
    auto const document = get(server.url()).value();
    EXPECT_EQ(document.status, 503U);
    EXPECT_EQ(document.body, "busy");
}

TEST_F(HttpClient, ReadsBodiesHoweverTheyAreFramed) {
    WireServer server({
        {hang_up("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: "
                 "1\r\n\r\n")},
        {hang_up("HTTP/1.1 200 OK\r\n\r\nto the end")},
        {hang_up("HTTP/1.0 200 OK\r\n\r\nolder")},
        {hang_up("HTTP/1.1 204 No Content\r\n\r\n")},
        {hang_up("HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + ok("at last"))},
    });
    for (auto const* const body : {"abcde", "to the end", "older", "", "at last"}) {
        EXPECT_EQ(get(server.url()).value().body, body);
    }
}

TEST_F(HttpClient, ExpectsNoBodyAfterHead) {
    WireServer server({{{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"}, ok("next")}});
    auto const document = fetch({.method = "HEAD", .url = server.url()}).value();
    EXPECT_EQ(net::find_header(document.headers, "Content-Length"), "5");
    EXPECT_EQ(document.body, "");
    EXPECT_EQ(get(server.url()).value().body, "next");
    EXPECT_EQ(server.connections(), 1U);
}

TEST_F(HttpClient, NeverTakesATruncatedBodyForAWholeOne) {
    for (auto const* const answer : {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
                                     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
                                     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n",
                                     "HTTP/1.1 200 OK\r\nContent-Le", ""}) {
        EXPECT_THAT(failure_of(answer), HasSubstr("closed before the response was complete")) << answer;
    }
    auto const certificate = named("DNS:localhost");
    WireServer rude({{hang_up("HTTP/1.1 200 OK\r\n\r\nwhole?")}},
                    {.certificate = &certificate, .rude_end = true});
    EXPECT_THAT(failure({.url = rude.url()}), HasSubstr("closed the connection"));
}

TEST_F(HttpClient, RefusesResponsesOverItsLimits) {
    auto const larger = [&](std::string answer) {
        EXPECT_THAT(failure_of(std::move(answer), {.max_body = 4}), HasSubstr("exceeds 4 bytes"));
    };
    larger(ok("hello"));
    larger("HTTP/1.1 200 OK\r\n\r\nhello");
    larger("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n");
    larger("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n");
    std::string const endless(100'000, 'x');
    EXPECT_THAT(failure_of("HTTP/1.1 200 OK\r\nX: " + endless + "\r\n\r\n"),
                HasSubstr("head exceeds 65536 bytes"));
    EXPECT_THAT(failure_of(ok("", "X: 12345678901234567890\r\n"), {.max_head = 32}),
                HasSubstr("exceeds 32 bytes"));
    std::string hints;
    for (int i = 0; i < 20; ++i) hints += "HTTP/1.1 103 Early Hints\r\n\r\n";
    EXPECT_THAT(failure_of(hints), HasSubstr("more than 8 interim responses"));
}

TEST_F(HttpClient, GivesUpOnASilentServer) {
    WireServer silent(
        {{hold()}, {hold()}, {hold("HTTP/1.1 200 OK\r\nA: ")}, {hold("HTTP/1.1 103 Hints\r\n\r\n")}});
    for (int i = 0; i < 4; ++i) {
        auto const message = failure({.url = silent.url(), .timeouts = {.first_byte = 20ms}});
        EXPECT_THAT(message, HasSubstr("the server sent no response in time"));
    }
    EXPECT_EQ(metric(R"(requests_total{client="test",outcome="timeout"})"), "4");
    EXPECT_THAT(failure({.url = silent.url(), .timeouts = {.total = 20ms}}), HasSubstr("in time"));
    auto const mute = fmt::format("https://localhost:{}/", silent.port());
    // A server that never shakes hands.
    EXPECT_THAT(failure({.url = mute, .timeouts = {.connect = 20ms}}),
                HasSubstr("timeout of the connection"));
    silent.wait_closed(5);
}

TEST_F(HttpClient, SaysWhichHostCannotBeReached) {
    std::string url;
    {
        WireServer const gone({{hold()}});
        url = gone.url("/services/secret?token=secret");
    }
    auto const message = failure({.url = url});
    EXPECT_THAT(message, HasSubstr(fmt::format("GET {} failed: cannot connect to 127.0.0.1:",
                                               url.substr(0, url.find('/', 8)))));
    EXPECT_THAT(message, Not(HasSubstr("secret")));
    EXPECT_THAT(failure({.url = "http://unknown.invalid/"}),
                HasSubstr("cannot resolve the name unknown.invalid"));
    EXPECT_EQ(metric(R"(requests_total{client="test",outcome="error"})"), "2");
}

TEST_F(HttpClient, RefusesWhatWouldBreakItsFraming) {
    std::vector<HttpRequest> requests(9);
    for (auto& request : requests) request.url = "http://localhost/";
    requests[0].method = "GET /x";
    requests[1].headers = {{"A", "b\r\nC: d"}};
    requests[2].headers = {{"A b", "c"}};
    requests[3].url = "localhost";
    requests[4].headers = {{"content-length", "5"}};
    requests[5].headers = {{"Host", "elsewhere"}};
    requests[6].headers = {{"A", std::string("b\0c", 3)}};
    requests[7].method = "CONNECT";
    requests[8].headers = {{"Transfer-Encoding", "chunked"}};
    for (auto& request : requests) EXPECT_EQ(fetch(std::move(request)).error().code, Errc::bad_request);
}

TEST_F(HttpClient, SpeaksTlsWithServersItTrusts) {
    auto const certificate = named("DNS:localhost");
    WireServer server({{ok("one"), ok("two")}}, {.certificate = &certificate});
    EXPECT_EQ(get(server.url()).value().body, "one");
    EXPECT_EQ(get(server.url()).value().body, "two");
    EXPECT_EQ(server.connections(), 1U);
    auto const numeric = named("IP:127.0.0.1");
    WireServer other({{ok("secret")}}, {.certificate = &numeric});
    EXPECT_EQ(get(fmt::format("https://127.0.0.1:{}/", other.port())).value().body, "secret");
}

TEST_F(HttpClient, SendsNothingToServersItDoesNotTrust) {
    auto const stranger = test::make_authority("stranger");
    auto const theirs = test::issue({.alternative_names = "DNS:localhost", .usage = "serverAuth"}, &stranger);
    auto const elsewhere = named("DNS:elsewhere");
    auto const old = test::issue(
        {.alternative_names = "DNS:localhost", .usage = "serverAuth", .valid_for = -60}, &authority);
    for (auto const* const certificate : {&theirs, &elsewhere, &old}) {
        WireServer server({{ok("hello")}}, {.certificate = certificate});
        EXPECT_THAT(failure({.url = server.url()}),
                    HasSubstr("the TLS certificate of localhost is not trusted: "));
        EXPECT_TRUE(server.requests().empty());
    }
}

TEST_F(HttpClient, ShowsItsCertificate) {
    auto const certificate = named("DNS:localhost");
    WireServer server({{ok("known")}, {ok("unknown")}},
                      {.certificate = &certificate, .clients_of = &authority});
    auto const own = test::issue({.common_names = {"ocilot"}}, &authority);
    test::write_pem(directory.file("client.pem"), own);
    test::write_key(directory.file("client.key"), own);
    net::TlsTrustSettings files{.authority_file = directory.file("authority.pem"),
                                .certificate_file = directory.file("client.pem"),
                                .key_file = directory.file("client.key")};
    make({.trust = net::TlsTrust::load(files).value()});
    EXPECT_EQ(get(server.url()).value().body, "known");
    make({});
    EXPECT_THAT(failure({.url = server.url()}), HasSubstr("failed: "));

    test::write_key(directory.file("client.key"), authority);
    EXPECT_THAT(net::TlsTrust::load(files).error().message, HasSubstr("does not belong to the certificate"));
}

TEST_F(HttpClient, ConnectsOnlyToAddressesThePolicyAllows) {
    WireServer server({{ok("inside")}});
    make({.addresses = net::AddressPolicy::public_only()});
    for (auto const& url : {server.url(), fmt::format("http://127.0.0.1:{}/", server.port()),
                            fmt::format("http://[::ffff:127.0.0.1]:{}/", server.port())}) {
        EXPECT_THAT(failure({.url = url}, Errc::denied), HasSubstr("is not public"));
    }
    EXPECT_EQ(server.connections(), 0U);
    EXPECT_EQ(metric(R"(requests_total{client="test",outcome="denied"})"), "3");
    make({.addresses = net::AddressPolicy::public_only(net::Networks::parse({"127.0.0.0/8"}).value())});
    EXPECT_EQ(get(server.url()).value().body, "inside");
}
