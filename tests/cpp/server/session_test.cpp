#include "harness.h"

#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

namespace {

std::string get(std::string_view path, std::string_view more = {}) {
    return fmt::format("GET {} HTTP/1.1\r\nHost: h\r\n{}\r\n", path, more);
}

std::string put(std::string_view path, std::string_view body, std::string_view more = {}) {
    return fmt::format("PUT {} HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n{}\r\n{}", path, body.size(),
                       more, body);
}

std::vector<unsigned> statuses(std::vector<Answer> const& all) {
    std::vector<unsigned> out;
    for (auto const& answer : all) out.push_back(answer.status);
    return out;
}

/// Every byte in a step of its own.
std::vector<Step> bytewise(std::string_view bytes) {
    std::vector<Step> steps;
    for (char const c : bytes) steps.push_back(send(std::string(1, c)));
    return steps;
}

}  // namespace

TEST(Session, AnswersWithTheHeadersEveryResponseCarries) {
    Harness h;
    EXPECT_EQ(h.play(get("/x")),
              "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nX-Request-Id: abababababababab\r\n"
              "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nok");
    EXPECT_EQ(h.handler.last_id, "abababababababab");
    EXPECT_EQ(h.handler.last_peer, "2001:db8::1");
    EXPECT_FALSE(h.handler.last_local);
}

TEST(Session, KeepsASaneRequestIdOfTheClientAndReplacesAnyOther) {
    Harness h;
    EXPECT_THAT(h.play(get("/x", "X-Request-Id: a.B_c-9\r\n")), HasSubstr("\r\nX-Request-Id: a.B_c-9\r\n"));
    EXPECT_THAT(h.play(get("/x", "X-Request-Id: a b\r\n")),
                HasSubstr("\r\nX-Request-Id: abababababababab\r\n"));
    EXPECT_THAT(h.play(get("/x", "X-Request-Id: " + std::string(65, 'a') + "\r\n")), HasSubstr("Id: abab"));
}

TEST(Session, AnswersPipelinedRequestsInOrder) {
    Harness h;
    auto const all = answers(h.play(get("/a") + put("/echo", "one") + get("/nothing") + put("/echo", "two")));
    ASSERT_THAT(statuses(all), ElementsAre(200U, 200U, 204U, 200U));
    EXPECT_EQ(all[1].body, "one");
    EXPECT_EQ(all[3].body, "two");
    EXPECT_EQ(h.handler.seen, "GET /a\nPUT /echo\nGET /nothing\nPUT /echo\n");
}

TEST(Session, UnderstandsRequestsHoweverTheyAreCutIntoPieces) {
    Harness h;
    auto const chunked =
        "PUT /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5;a=b\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\nX-Trailer: t\r\n\r\n";
    auto const empty = "PUT /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    auto const all = answers(h.play(bytewise(chunked + put("/echo", "sized") + empty + get("/x"))));
    ASSERT_THAT(statuses(all), ElementsAre(200U, 200U, 200U, 200U));
    EXPECT_EQ(all[0].body, "hello world");
    EXPECT_EQ(all[1].body, "sized");
    EXPECT_EQ(all[2].body, "");
}

TEST(Session, UnderstandsRequestsCutInTwoAnywhere) {
    Harness h;
    auto const wire =
        "PUT /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5\r\nhello\r\n6;a\r\n world\r\n0\r\nX: t\r\n\r\n" +
        put("/echo", "sized") + get("/x");
    for (std::size_t cut = 1; cut < wire.size(); ++cut) {
        auto const all = answers(h.play({send(wire.substr(0, cut)), send(wire.substr(cut))}));
        ASSERT_THAT(statuses(all), ElementsAre(200U, 200U, 200U)) << cut;
        EXPECT_EQ(all[0].body, "hello world");
        EXPECT_EQ(all[1].body, "sized");
    }
}

TEST(Session, DecodesLargeChunkedBodies) {
    Harness h;
    std::string wire = "PUT /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    std::string body;
    for (std::size_t i = 0; i < 300; ++i) {
        std::string const chunk(i * 7 % 2000 + 1, static_cast<char>('a' + i % 26));
        wire += fmt::format("{:x}\r\n{}\r\n", chunk.size(), chunk);
        body += chunk;
    }
    auto const all = answers(h.play(wire + "0\r\n\r\n" + get("/x")));
    ASSERT_THAT(statuses(all), ElementsAre(200U, 200U));
    EXPECT_EQ(all[0].body, body);
}

TEST(Session, NeverReadsPastTheLengthOfABody) {
    Harness h;
    auto const body = std::string(5000, 'x');
    auto const all = answers(h.play(put("/echo", body) + put("/echo", body + "y") + get("/x")));
    ASSERT_THAT(statuses(all), ElementsAre(200U, 200U, 200U));
    EXPECT_EQ(all[0].body, body);
    EXPECT_EQ(all[1].body, body + "y");
}

TEST(Session, SendsNoBodyToHeadAndTellsTheLengthOfGet) {
    Harness h;
    std::string const head = "HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n";
    std::string const length = "HEAD /length HTTP/1.1\r\nHost: h\r\n\r\n";
    std::string const blob = "HEAD /blob HTTP/1.1\r\nHost: h\r\n\r\n";
    auto const all =
        answers(h.play(head + get("/x") + length + get("/length") + blob + get("/blob")), {0, 2, 4});
    ASSERT_THAT(statuses(all), ElementsAre(200U, 200U, 200U, 200U, 200U, 200U));
    EXPECT_THAT(all[0].head, HasSubstr("Content-Length: 2\r\n"));
    EXPECT_THAT(all[2].head, HasSubstr("Content-Length: 5\r\n"));
    EXPECT_THAT(all[3].head, HasSubstr("Content-Length: 0\r\n"));
    EXPECT_THAT(all[4].head, HasSubstr("Content-Length: 5\r\n"));
    EXPECT_EQ(all[5].body, "23456");
}

TEST(Session, SendsNeitherBodyNorLengthWithNoContentAndNotModified) {
    Harness h;
    auto const all = answers(h.play(get("/nothing") + get("/same") + get("/x")));
    ASSERT_THAT(statuses(all), ElementsAre(204U, 304U, 200U));
    EXPECT_THAT(all[0].head, Not(HasSubstr("Content-Length")));
    EXPECT_THAT(all[1].head, Not(HasSubstr("Content-Length")));
}

TEST(Session, SendsBodiesOfEveryKindWhole) {
    Harness h;
    auto const all = answers(h.play(get("/big") + get("/blob") + get("/memory") + get("/x")));
    ASSERT_THAT(statuses(all), ElementsAre(200U, 200U, 200U, 200U));
    EXPECT_EQ(all[0].body, std::string(200'000, 'b'));
    EXPECT_EQ(all[1].body, "23456");
    EXPECT_EQ(all[2].body, std::string(299'999, 'm'));
}

TEST(Session, SendsPartsOfABlobWithTheTextBetweenThem) {
    Harness h;
    std::string const head = "HEAD /parts HTTP/1.1\r\nHost: h\r\n\r\n";
    auto const all = answers(h.play(get("/parts") + head + get("/memory-parts") + get("/x")), {1});
    ASSERT_THAT(statuses(all), ElementsAre(200U, 200U, 200U, 200U));
    EXPECT_EQ(all[0].body, "<234><9><01>");
    EXPECT_THAT(all[1].head, HasSubstr("Content-Length: 12\r\n"));
    EXPECT_EQ(all[2].body, "<234><9><01>");
    EXPECT_EQ(all[3].body, "ok");
}

TEST(Session, FramesAnswersItselfWhateverTheHandlerSets) {
    Harness h;
    auto const all = answers(h.play(get("/split") + get("/own")));
    ASSERT_THAT(statuses(all), ElementsAre(200U, 200U));
    EXPECT_THAT(all[0].head, HasSubstr("\r\nLocation: /a  Set-Cookie: b\r\n"));
    EXPECT_THAT(all[1].head, Not(HasSubstr("keep-alive")));
    EXPECT_THAT(all[1].head, Not(HasSubstr("7\r\n")));
}

TEST(Session, InvitesTheBodyOnlyWhenItIsRead) {
    Harness h;
    std::string const head =
        "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
    auto const written =
        h.play({send(head), send_after("HTTP/1.1 100 Continue\r\n\r\n", "hello"), send(get("/x"))});
    EXPECT_THAT(written, StartsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"));
    EXPECT_EQ(answers(written).size(), 3U);
}

TEST(Session, RefusesABodyItDoesNotWantWithoutInvitingIt) {
    Harness h;
    std::string const head =
        "PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
    auto const all = answers(h.play(head));
    ASSERT_THAT(statuses(all), ElementsAre(200U));
    EXPECT_TRUE(all[0].closes());  // Nobody knows whether the body follows.
}

TEST(Session, DropsASmallUnreadBodyAndGoesOn) {
    Harness h;
    auto const body = std::string(100'000, 'x');
    std::string const chunked =
        fmt::format("PUT /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{}\r\n0\r\n\r\n",
                    body.size(), body);
    auto const all = answers(h.play(put("/x", body) + put("/part", body) + chunked + get("/x")));
    EXPECT_THAT(statuses(all), ElementsAre(200U, 200U, 200U, 200U));
    EXPECT_EQ(h.handler.last_body, "xxxx");
    EXPECT_FALSE(all[2].closes());
}

TEST(Session, AnswersAndClosesWhenAnUnreadBodyIsLarge) {
    auto const body = std::string(300'000, 'x');
    std::string const chunked =
        fmt::format("PUT /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{}\r\n0\r\n\r\n",
                    body.size(), body);
    for (auto const& request : {put("/x", body), chunked}) {
        Harness h;
        auto const all = answers(h.play(request + get("/x")));
        ASSERT_THAT(statuses(all), ElementsAre(200U));
        EXPECT_TRUE(all[0].closes());
        EXPECT_TRUE(h.record.finished_writing);
    }
}

TEST(Session, AnswersAndClosesWhenAnUnreadBodyDoesNotCome) {
    Harness h;
    auto const all =
        answers(h.play({send("PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab"), stall()}));
    ASSERT_THAT(statuses(all), ElementsAre(200U));
    EXPECT_TRUE(all[0].closes());
}

TEST(Session, TellsTheHandlerThatTheClientLeftInTheMiddleOfTheBody) {
    for (auto const& end : {Step{Step::Kind::leave}, reset()}) {
        Harness h;
        auto const written =
            h.play({send("PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nforty"), end});
        EXPECT_EQ(h.handler.last_body, "forty");
        EXPECT_THAT(statuses(answers(written)), ElementsAre(400U));
    }
}

TEST(Session, AnswersABodyThatStalls) {
    Harness h;
    auto const all =
        answers(h.play({send("PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nforty"), stall()}));
    ASSERT_THAT(statuses(all), ElementsAre(408U));
    EXPECT_TRUE(all[0].closes());
}

TEST(Session, ClosesAnIdleConnectionWithoutAWord) {
    Harness h;
    EXPECT_EQ(h.play({stall()}), "");
    EXPECT_EQ(answers(h.play({send(get("/x")), stall()})).size(), 1U);
    EXPECT_EQ(answers(h.play({send(get("/x") + "\r\n"), stall()})).size(), 1U);
    EXPECT_EQ(h.play({reset()}), "");
}

TEST(Session, ClosesAfterAnAnswerThatSaysSo) {
    Harness h;
    EXPECT_TRUE(answers(h.play(get("/last") + get("/x"))).at(0).closes());
    EXPECT_EQ(answers(h.record.written).size(), 1U);
    EXPECT_TRUE(answers(h.play(get("/x", "Connection: close\r\n") + get("/x"))).at(0).closes());
    EXPECT_EQ(answers(h.record.written).size(), 1U);
}

TEST(Session, AnswersHttp10AndCloses) {
    Harness h;
    auto const all = answers(h.play("GET /x HTTP/1.0\r\n\r\n"));
    ASSERT_THAT(statuses(all), ElementsAre(200U));
    EXPECT_TRUE(all[0].closes());
}

TEST(Session, SkipsEmptyLinesBeforeARequest) {
    Harness h;
    EXPECT_EQ(answers(h.play({send("\r"), send("\n\r\n" + get("/x") + "\r\n" + get("/x"))})).size(), 2U);
}

TEST(Session, TakesTheAbsoluteFormOfATarget) {
    Harness h;
    h.play(get("http://a/v2/?n=1") + get("HTTPS://a") + get("http://a?/healthz") + get("http://a/?/healthz"));
    EXPECT_EQ(h.handler.seen, "GET /v2/?n=1\nGET /\nGET /?/healthz\nGET /?/healthz\n");
}

TEST(Session, TakesTheHostOfAnAbsoluteTarget) {
    Harness h;
    h.play("GET http://a:5000/x HTTP/1.1\r\nA: b\r\nhost: other\r\n\r\n");
    EXPECT_EQ(h.handler.last_host, "a:5000");
    h.play("GET http://[::1]/x HTTP/1.0\r\n\r\n");
    EXPECT_EQ(h.handler.last_host, "[::1]");
    h.play(get("/x"));
    EXPECT_EQ(h.handler.last_host, "h");
}

TEST(Session, BelievesTrustedProxies) {
    Harness h;
    auto const request = get("/x", "X-Forwarded-For: 203.0.113.5\r\n");
    h.play(request);
    EXPECT_FALSE(h.handler.last_forwarded);
    EXPECT_EQ(h.handler.last_peer, "2001:db8::1");
    h.proxies = *net::Networks::parse({"2001:db8::/32"});
    h.play(request);
    EXPECT_TRUE(h.handler.last_forwarded);
    EXPECT_EQ(h.handler.last_peer, "203.0.113.5");
    h.context.names_clients = false;
    h.play(request);
    EXPECT_TRUE(h.handler.last_forwarded);
    EXPECT_EQ(h.handler.last_peer, "2001:db8::1") << "every client of a port mapping comes from there";
}

TEST(Session, LogsNoErrorOfAClientAsItsOwn) {
    Harness h;
    EXPECT_THAT(statuses(answers(h.play("PUT /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n"))),
                ElementsAre(501U));
    EXPECT_EQ(h.log_sink.text(), "");
}

TEST(Session, TurnsAnExceptionIntoAnAnswerAndLogsIt) {
    Harness h;
    EXPECT_THAT(statuses(answers(h.play(get("/throw")))), ElementsAre(500U));
    EXPECT_THAT(h.log_sink.text(),
                HasSubstr("request_id=abababababababab method=GET target=/throw status=500 "
                          "cause=\"a defect\""));
}

TEST(Session, BreaksTheConnectionWhenABlobEndsEarlyAndLogsIt) {
    Harness h;
    auto const written = h.play(get("/torn") + get("/x"));
    EXPECT_THAT(written, EndsWith("Content-Length: 100000\r\n\r\n"));
    EXPECT_THAT(h.log_sink.text(), HasSubstr("the file ended early"));
}

TEST(Session, TellsWhichBlobCouldNotBeReadAndWhere) {
    Harness h;
    (void)h.play(get("/torn"));
    (void)h.play(get("/small-torn"));
    ASSERT_EQ(h.handler.failed_reads.size(), 2U);
    for (auto const& failed : h.handler.failed_reads) {
        EXPECT_EQ(failed.digest, FakeHandler::torn());
        EXPECT_EQ(failed.size, 4U);
        EXPECT_EQ(failed.offset, 0U);
    }
}

TEST(Session, SaysSoWhenASmallBlobEndsEarly) {
    Harness h;
    auto const all = answers(h.play(get("/small-torn") + get("/x")));
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].status, 500U);
    EXPECT_TRUE(all[0].closes());
    EXPECT_THAT(h.log_sink.text(), HasSubstr("a blob being sent ended 6 bytes early"));
    EXPECT_THAT(h.metrics.text(), HasSubstr(R"({route="fake",method="GET",code="500"} 1)"));
}

TEST(Session, WaitsForNoRequestWhenDraining) {
    Harness h;
    h.context.draining = true;
    EXPECT_EQ(h.play(get("/x")), "");
}

TEST(Session, EndsWithTheAnswerUnderWayWhenDrainingBegins) {
    Harness h;
    h.handler.at_drain = [&h] { h.context.draining = true; };
    auto const all = answers(h.play(get("/x") + get("/drain") + get("/x")));
    ASSERT_THAT(statuses(all), ElementsAre(200U, 200U));
    EXPECT_FALSE(all[0].closes());
    EXPECT_TRUE(all[1].closes());
}

TEST(Session, CountsRequestsByRouteMethodAndStatus) {
    Harness h;
    h.play(get("/x") + get("/x") + put("/echo", "12345") + "bad\r\n\r\n");
    auto const text = h.metrics.text();
    EXPECT_THAT(text, HasSubstr(R"(ocilot_http_requests_total{route="fake",method="GET",code="200"} 2)"));
    EXPECT_THAT(text, HasSubstr(R"(ocilot_http_requests_total{route="fake",method="PUT",code="200"} 1)"));
    EXPECT_THAT(text, HasSubstr(R"(ocilot_http_requests_total{route="none",method="OTHER",code="400"} 1)"));
    EXPECT_THAT(text, HasSubstr(R"(ocilot_http_request_seconds_count{route="fake"} 3)"));
    EXPECT_EQ(h.http_metrics.response_bytes.value(), h.record.written.size());
}
