#include "net/direct_http_client.h"
#include "run.h"
#include "scripted_server.h"

#include <gmock/gmock.h>

using namespace ocilot;
using namespace std::chrono_literals;
using net::HttpAnswer;
using net::HttpAsk;
using test::ScriptedServer;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

namespace {

std::string ok(std::string_view body, std::string_view headers = {}) {
    return fmt::format("HTTP/1.1 200 OK\r\n{}Content-Length: {}\r\n\r\n{}", headers, body.size(), body);
}

std::string leading_to(std::string_view where) {
    return fmt::format("HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", where);
}

class HttpClient : public testing::Test {
  protected:
    void SetUp() override {
        test::write_pem(directory.file("authority.pem"), authority);
        client.emplace(net::TlsTrust::load(directory.file("authority.pem")).value());
    }

    Result<HttpAnswer> fetch(HttpAsk ask) { return test::run(client->fetch(std::move(ask))); }
    Result<HttpAnswer> get(std::string url) { return fetch({.url = std::move(url)}); }
    /// Why there was no answer.
    std::string trouble(HttpAsk ask) {
        auto const answer = fetch(std::move(ask));
        if (answer.has_value()) return fmt::format("{} was answered", answer->status);
        EXPECT_EQ(answer.error().code, Errc::unavailable);
        return answer.error().message;
    }
    /// Same, of one answer to one ask.
    std::string trouble_with(std::string answer, HttpAsk ask = {}) {
        ScriptedServer server({std::move(answer)});
        ask.url = server.url();
        return trouble(std::move(ask));
    }
    test::Pair509 named(std::string names) {
        return test::issue({.alternative_names = std::move(names), .usage = "serverAuth"}, &authority);
    }

    test::TemporaryDirectory directory;
    test::Pair509 authority = test::make_authority("authority");
    std::optional<net::DirectHttpClient> client;
};

}  // namespace

TEST_F(HttpClient, AsksAndReadsTheAnswer) {
    ScriptedServer server({ok("hello", "X-A: 1\r\nx-a: 2\r\n")});
    auto const answer = fetch({.url = server.url("/a?b=c"), .headers = {{"Accept", "text/plain"}}}).value();
    EXPECT_EQ(answer.status, 200U);
    EXPECT_EQ(answer.body, "hello");
    EXPECT_EQ(answer.header("X-a"), "1");
    EXPECT_EQ(answer.url, server.url("/a?b=c"));
    auto const asked = server.asked();
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(asked[0], fmt::format("GET /a?b=c HTTP/1.1\r\nHost: localhost:{}\r\nUser-Agent: ocilot\r\n"
                                    "Connection: close\r\nAccept: text/plain\r\n\r\n",
                                    server.port()));
}

TEST_F(HttpClient, SendsABody) {
    ScriptedServer server({ok("{}")});
    auto const answer = fetch({.method = "POST", .url = server.url(), .body = "event"});
    EXPECT_TRUE(answer.has_value());
    EXPECT_THAT(server.asked().at(0), EndsWith("Content-Length: 5\r\n\r\nevent"));
}

TEST_F(HttpClient, AnswersWhateverTheStatusIs) {
    ScriptedServer server({"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy"});
    auto const answer = get(server.url()).value();
    EXPECT_EQ(answer.status, 503U);
    EXPECT_EQ(answer.body, "busy");
}

TEST_F(HttpClient, ReadsBodiesHoweverTheyAreFramed) {
    ScriptedServer server({
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\nto the end",
        "HTTP/1.0 200 OK\r\n\r\nolder",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + ok("at last"),
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
    });
    for (auto const* const body : {"abcde", "to the end", "older", "", "at last"}) {
        EXPECT_EQ(get(server.url()).value().body, body);
    }
    EXPECT_EQ(fetch({.method = "HEAD", .url = server.url()}).value().header("Content-Length"), "5");
}

TEST_F(HttpClient, SaysWhatIsWrongWithAnAnswer) {
    EXPECT_THAT(trouble_with("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort"),
                HasSubstr("the connection ended before the answer did"));
    EXPECT_THAT(trouble_with("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"),
                HasSubstr("the connection ended before the answer did"));
    EXPECT_THAT(trouble_with(""), HasSubstr("the connection ended before the answer did"));
    for (auto const* const junk : {
             "SSH-2.0-OpenSSH_9.2\r\n\r\n",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
             "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
             "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
         }) {
        EXPECT_THAT(trouble_with(junk), HasSubstr("the answer is not HTTP (")) << junk;
    }
    std::string const endless(100'000, 'x');
    EXPECT_THAT(trouble_with("HTTP/1.1 200 OK\r\nX: " + endless + "\r\n\r\n"), HasSubstr("is not HTTP"));
    EXPECT_THAT(trouble_with("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;" + endless +
                             "\r\nabc\r\n0\r\n\r\n"),
                HasSubstr("is not HTTP"));
    std::string hints;
    for (int i = 0; i < 20; ++i) hints += "HTTP/1.1 103 Early Hints\r\n\r\n";
    EXPECT_THAT(trouble_with(hints), HasSubstr("never comes to its answer"));
}

TEST_F(HttpClient, TakesNoMoreThanItsLimit) {
    auto const larger = [&](std::string answer) {
        EXPECT_THAT(trouble_with(std::move(answer), {.limit = 4}), HasSubstr("is larger than 4 bytes"));
    };
    larger(ok("hello"));
    larger("HTTP/1.1 200 OK\r\n\r\nhello");
    larger("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n");
    larger("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n");
}

TEST_F(HttpClient, GivesUpAtItsDeadline) {
    ScriptedServer silent({});
    EXPECT_THAT(trouble({.url = silent.url(), .deadline = 30ms}), HasSubstr("no answer in time"));
    auto const certificate = named("DNS:localhost");
    ScriptedServer mute({}, &certificate);
    EXPECT_THAT(trouble({.url = mute.url(), .deadline = 30ms}), HasSubstr("cannot fetch https://localhost:"));
    EXPECT_THAT(trouble({.url = silent.url(), .deadline = 0ms}), HasSubstr("no answer in time"));
}

TEST_F(HttpClient, SaysThatNobodyIsThere) {
    std::string url;
    {
        ScriptedServer const gone({});
        url = gone.url("/x?secret");
    }
    auto const message = trouble({.url = url});
    EXPECT_THAT(message, HasSubstr("/x: cannot connect to "));
    EXPECT_THAT(message, Not(HasSubstr("secret")));
    EXPECT_THAT(trouble({.url = "http://nobody.invalid/"}), HasSubstr("nobody.invalid"));
}

TEST_F(HttpClient, RefusesWhatWouldBreakItsFraming) {
    for (auto const& ask : {
             HttpAsk{.method = "GET /x", .url = "http://localhost/"},
             HttpAsk{.url = "http://localhost/", .headers = {{"A", "b\r\nC: d"}}},
             HttpAsk{.url = "http://localhost/", .headers = {{"A b", "c"}}},
             HttpAsk{.url = "localhost"},
         }) {
        EXPECT_EQ(fetch(ask).error().code, Errc::bad_request);
    }
}

TEST_F(HttpClient, SpeaksTlsToWhomItTrusts) {
    auto const certificate = named("DNS:localhost");
    ScriptedServer server({ok("secret")}, &certificate);
    EXPECT_EQ(get(server.url()).value().body, "secret");
    auto const numeric = named("IP:127.0.0.1");
    ScriptedServer other({ok("secret")}, &numeric);
    EXPECT_EQ(get(fmt::format("https://127.0.0.1:{}/", other.port())).value().body, "secret");
}

TEST_F(HttpClient, AsksNobodyItDoesNotTrust) {
    auto const stranger = test::make_authority("stranger");
    auto const theirs = test::issue({.alternative_names = "DNS:localhost", .usage = "serverAuth"}, &stranger);
    auto const elsewhere = named("DNS:elsewhere");
    auto const old = test::issue(
        {.alternative_names = "DNS:localhost", .usage = "serverAuth", .valid_for = -60}, &authority);
    for (auto const* const certificate : {&theirs, &elsewhere, &old}) {
        ScriptedServer server({ok("hello")}, certificate);
        EXPECT_THAT(trouble({.url = server.url()}),
                    HasSubstr("the TLS certificate of localhost is not trusted: "));
        EXPECT_TRUE(server.asked().empty());
    }
}

TEST_F(HttpClient, FollowsARedirectOnlyWhenAsked) {
    ScriptedServer server({leading_to("/there"), leading_to("/there"), ok("there")});
    EXPECT_EQ(get(server.url()).value().status, 302U);
    auto const answer = fetch({.url = server.url(), .redirects = 1}).value();
    EXPECT_EQ(answer.body, "there");
    EXPECT_EQ(answer.url, server.url("/there"));
}

TEST_F(HttpClient, DoesNotRunInCircles) {
    ScriptedServer server(std::vector<std::string>(10, leading_to("/")));
    EXPECT_THAT(trouble({.url = server.url(), .redirects = 100}), HasSubstr("goes on after 5 redirects"));
    EXPECT_EQ(server.asked().size(), 6U);
    EXPECT_EQ(fetch({.method = "POST", .url = server.url(), .redirects = 5}).value().status, 302U);
}

TEST_F(HttpClient, LeavesHttpsForNobody) {
    ScriptedServer plain({ok("hello")});
    auto const certificate = named("DNS:localhost");
    ScriptedServer server({leading_to(plain.url())}, &certificate);
    EXPECT_THAT(trouble({.url = server.url(), .redirects = 5}), HasSubstr("leads from https to http"));
    EXPECT_TRUE(plain.asked().empty());
}

TEST_F(HttpClient, CarriesNoCredentialsToAnotherOrigin) {
    ScriptedServer other({ok("hello")});
    ScriptedServer server({leading_to("/again"), leading_to(other.url())});
    HttpAsk ask{.url = server.url(), .redirects = 5};
    ask.headers = {{"authorization", "Bearer secret"}, {"Cookie", "a=b"}, {"Accept", "*/*"}};
    EXPECT_TRUE(fetch(std::move(ask)).has_value());
    EXPECT_THAT(server.asked().at(1), HasSubstr("Bearer secret"));
    EXPECT_THAT(other.asked().at(0), Not(HasSubstr("secret")));
    EXPECT_THAT(other.asked().at(0), Not(HasSubstr("Cookie")));
    EXPECT_THAT(other.asked().at(0), HasSubstr("Accept: */*"));
}
