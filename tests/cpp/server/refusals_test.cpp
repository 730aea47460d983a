#include "harness.h"

#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using testing::HasSubstr;

namespace {

struct Refusal {
    std::string name;
    std::string bytes;
    unsigned status;
    std::string says;
};

void PrintTo(Refusal const& refusal, std::ostream* out) {
    *out << refusal.name;
}

std::string host(std::string_view rest) {
    return fmt::format("GET /x HTTP/1.1\r\nHost: h\r\n{}\r\n", rest);
}

class Refused : public testing::TestWithParam<Refusal> {};

}  // namespace

TEST_P(Refused, IsAnsweredWithJsonAndThenClosed) {
    auto const& [name, bytes, status, says] = GetParam();
    Harness h;
    auto const all = answers(h.play({send(bytes), stall()}));
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].status, status);
    EXPECT_TRUE(all[0].closes());
    EXPECT_THAT(all[0].head, HasSubstr("Content-Type: application/json"));
    EXPECT_THAT(all[0].body, HasSubstr(says));
    EXPECT_EQ(h.handler.seen, "");
    EXPECT_TRUE(h.record.finished_writing);
}

INSTANTIATE_TEST_SUITE_P(
    Session, Refused,
    testing::Values(
        Refusal{"TlsClientHello", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), 400,
                "plain HTTP"},
        Refusal{"OneByteOfTls", "\x16", 400, "plain HTTP"},
        Refusal{"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "HTTP/2"},
        Refusal{"Http09", "GET /x\r\n\r\n", 400, "well-formed"},
        Refusal{"Http3", "GET /x HTTP/3.0\r\nHost: h\r\n\r\n", 400, "HTTP/1.1"},
        Refusal{"Binary", std::string("\x00\x01\x02", 3), 400, "method"},
        Refusal{"NoMethod", " /x HTTP/1.1\r\nHost: h\r\n\r\n", 400, "method"},
        Refusal{"TwoSpaces", "GET  /x HTTP/1.1\r\nHost: h\r\n\r\n", 400, "well-formed"},
        Refusal{"NotAPath", "GET x HTTP/1.1\r\nHost: h\r\n\r\n", 400, "starts with /"},
        Refusal{"BareLf", "GET /x HTTP/1.1\nHost: h\n\n", 400, "CRLF"},
        Refusal{"BareLfInHeader", host("A: b\nC: d\r\n"), 400, "CRLF"},
        Refusal{"BareCr", host("A: b\rC: d\r\n"), 400, "well-formed"},
        Refusal{"FoldedHeader", host("A: b\r\n c\r\n"), 400, "one line"},
        Refusal{"SpaceBeforeColon", "GET /x HTTP/1.1\r\nHost : h\r\n\r\n", 400, "well-formed"},
        Refusal{"NoColon", host("A\r\n"), 400, "well-formed"},
        Refusal{"NulInHeader", host(std::string("A: b\0c\r\n", 8)), 400, "well-formed"},
        Refusal{"NoHost", "GET /x HTTP/1.1\r\n\r\n", 400, "missing Host"},
        Refusal{"TwoHosts", host("Host: i\r\n"), 400, "duplicate Host"},
        Refusal{"LengthAndChunked", host("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400,
                "ambiguous length"},
        Refusal{"ChunkedAndLength", host("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), 400,
                "ambiguous length"},
        Refusal{"TwoLengths", host("Content-Length: 5\r\nContent-Length: 6\r\n"), 400, "ambiguous length"},
        Refusal{"ListOfLengths", host("Content-Length: 5, 6\r\n"), 400, "ambiguous length"},
        Refusal{"EqualLengths", host("Content-Length: 5\r\nContent-Length: 5\r\n"), 400, "ambiguous length"},
        Refusal{"ListOfEqualLengths", host("Content-Length: 5, 5\r\n"), 400, "ambiguous length"},
        Refusal{"NegativeLength", host("Content-Length: -1\r\n"), 400, "ambiguous length"},
        Refusal{"SignedLength", host("Content-Length: +5\r\n"), 400, "ambiguous length"},
        Refusal{"HugeLength", host("Content-Length: 18446744073709551616\r\n"), 400, "ambiguous length"},
        Refusal{"EmptyLength", host("Content-Length:\r\n"), 400, "ambiguous length"},
        Refusal{"Gzip", host("Transfer-Encoding: gzip\r\n"), 501, "transfer coding"},
        Refusal{"GzipChunked", host("Transfer-Encoding: gzip, chunked\r\n"), 501, "transfer coding"},
        Refusal{"ChunkedIdentity", host("Transfer-Encoding: chunked, identity\r\n"), 400, "transfer coding"},
        Refusal{"TwoCodings", host("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n"), 501,
                "coding"},
        Refusal{"ChunkedTwice", host("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400,
                "ambiguous length"},
        Refusal{"Http10Chunked", "PUT /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
                "HTTP/1.0"},
        Refusal{"LongTarget", "GET /" + std::string(64 * 1024, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n", 414,
                "request line"},
        Refusal{"EndlessTarget", std::string(17 * 1024, 'a'), 414, "request line"},
        Refusal{"LargeHead", host("A: " + std::string(100'000, 'a') + "\r\n"), 431, "request head"},
        Refusal{"EndlessHead", "GET /x HTTP/1.1\r\nHost: h\r\nA: " + std::string(70'000, 'a'), 431,
                "request head"},
        Refusal{"SlowHead", "GET /x HTTP/1.1\r\nHo", 408, "did not arrive"}),
    [](auto const& row) { return row.param.name; });

TEST(Session, RefusesAHeadThatEndsInTheMiddle) {
    Harness h;
    auto const all = answers(h.play("GET /x HTTP/1.1\r\nHost: h\r\n"));
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].status, 400U);
}

TEST(Session, TakesAHeadAsLargeAsTheLimitAllows) {
    Harness h;
    auto const rest = h.limits.head - host("A: \r\n").size();
    auto const all = answers(h.play(host("A: " + std::string(rest, 'a') + "\r\n") + host("")));
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].status, 200U);
}

TEST(Session, RefusesBrokenChunks) {
    for (std::string const body :
         {"xyz\r\n", "5\r\nhelloX\r\n0\r\n\r\n", "5\nhello\r\n0\r\n\r\n", "-5\r\nhello\r\n",
          "11111111111111111\r\nhello", "5 \r\nhello\r\n0\r\n\r\n", "\r\n0\r\n\r\n"}) {
        Harness h;
        auto const all = answers(h.play(
            {send("PUT /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + body), stall()}));
        ASSERT_EQ(all.size(), 1U) << body;
        EXPECT_EQ(all[0].status, 400U) << body;
        EXPECT_TRUE(all[0].closes());
    }
}

TEST(Session, RefusesAnEndlessChunkHeader) {
    Harness h;
    auto const all =
        answers(h.play("PUT /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;a=" +
                       std::string(20'000, 'a')));
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].status, 400U);
}

TEST(Session, NeverTakesWhatFollowsARefusalForARequest) {
    Harness h;
    auto const smuggled =
        host("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n" + host("");
    EXPECT_EQ(answers(h.play(smuggled)).size(), 1U);
    EXPECT_EQ(h.handler.seen, "");
}
