#include "net/http_response_parser.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <gmock/gmock.h>

using namespace ocilot;
using net::HttpResponseParser;
using testing::HasSubstr;

namespace {

/// What became of a response that arrived in pieces: its body, or why there is none.
std::string outcome(std::string_view stream, std::size_t piece = 1000,
                    HttpResponseParser::Limits limits = {}) {
    HttpResponseParser parser(HttpResponseParser::Body::any, limits);
    std::string body;
    for (;;) {
        while (parser.head_done() && !parser.done()) {
            std::array<std::byte, 7> part{};
            auto const made = parser.body(part);
            if (made.has_error()) return made.error().message;
            body.append(reinterpret_cast<char const*>(part.data()), *made);
            if (*made == 0) break;
        }
        if (parser.done()) return fmt::format("{}{}", body, parser.reusable() ? "" : " (once)");
        auto const room = parser.room();
        auto const count = std::min({piece, stream.size(), room.size()});
        std::memcpy(room.data(), stream.data(), count);
        stream.remove_prefix(count);
        auto const taken = parser.received(count);
        if (taken.has_error()) return taken.error().message;
    }
}

std::string with(std::string_view headers, std::string_view body = {}) {
    return fmt::format("HTTP/1.1 200 OK\r\n{}\r\n{}", headers, body);
}

}  // namespace

TEST(HttpResponseParser, UnderstandsEveryFraming) {
    for (std::size_t const piece : {1U, 2U, 3U, 5U, 1000U}) {
        EXPECT_EQ(outcome(with("Content-Length: 5\r\n", "hello"), piece), "hello");
        EXPECT_EQ(outcome(with("Content-Length: 5, 5\r\n", "hello"), piece), "hello");
        EXPECT_EQ(outcome(with("Content-Length: 0\r\n"), piece), "");
        EXPECT_EQ(outcome(with("", "to the end"), piece), "to the end (once)");
        EXPECT_EQ(outcome(with("Connection: close\r\nContent-Length: 2\r\n", "ok"), piece), "ok (once)");
        EXPECT_EQ(outcome(with("Transfer-Encoding: Chunked\r\n",
                               "b;a=\"b\"\r\nhello world\r\n000\r\nA: b\r\nC: d\r\n\r\n"),
                          piece),
                  "hello world");
        EXPECT_EQ(outcome("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", piece), "");
        EXPECT_EQ(outcome("HTTP/1.1 204\x20\r\nTransfer-Encoding: chunked\r\n\r\n", piece), "");
        EXPECT_EQ(outcome("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", piece), "ok (once)");
    }
    EXPECT_EQ(outcome(with("Content-Length: 2\r\n", "ok and more")), "ok (once)");
}

TEST(HttpResponseParser, RefusesWhatCouldBeUnderstoodInTwoWays) {
    for (auto const& bad : {
             with("Content-Length: 1\r\nContent-Length: 2\r\n", "ab"),
             with("Content-Length: 1, 2\r\n", "ab"),
             with("Content-Length: many\r\n"),
             with("Content-Length: -1\r\n"),
             with("Content-Length: +1\r\n", "a"),
             with("Content-Length: 0x1\r\n", "a"),
             with("Content-Length:\r\n"),
             with("Content-Length: 18446744073709551616\r\n"),
             with("Content-Length: 99999999999999999999999\r\n"),
             with("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
             with("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n\r\n"),
             with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
             with("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
             with("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"),
             with("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"),
             with("Transfer-Encoding: identity\r\nContent-Length: 1\r\n", "a"),
             std::string("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
             with("Content-Length : 1\r\n", "a"),
             with("A: b\nContent-Length: 1\r\n", "a"),
             with(std::string_view("A: b\0c\r\nContent-Length: 1\r\n", 27), "a"),
             with(": b\r\n"),
             with("no colon\r\n"),
             std::string("HTTP/1.1 200 OK\nContent-Length: 1\n\na"),
             std::string("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
             std::string("HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n"),
             std::string("HTTP/1.1 600 High\r\nContent-Length: 0\r\n\r\n"),
             std::string("HTTP/1.1 20 Short\r\nContent-Length: 0\r\n\r\n"),
             std::string("HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n"),
             std::string("HTTP/2 200\r\n\r\n"),
             std::string("SSH-2.0-OpenSSH_9.2\r\n\r\n"),
             std::string("\r\nHTTP/1.1 200 OK\r\n\r\n"),
         }) {
        EXPECT_THAT(outcome(bad), HasSubstr("not valid HTTP/1.1")) << bad;
    }
}

TEST(HttpResponseParser, RefusesChunksThatAreNone) {
    std::string const chunked = "Transfer-Encoding: chunked\r\n";
    for (auto const* const bad :
         {"zz\r\nabc\r\n0\r\n\r\n", "3\r\nabcd\r\n0\r\n\r\n", "-3\r\nabc\r\n0\r\n\r\n",
          "0x3\r\nabc\r\n0\r\n\r\n", "\r\nabc\r\n0\r\n\r\n", "11111111111111111\r\nabc\r\n0\r\n\r\n",
          "3 abc\r\n0\r\n\r\n", "0\r\nno colon\r\n\r\n", "0\r\nContent-Length: 5\r\n\r\n",
          "0\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
        EXPECT_THAT(outcome(with(chunked, bad)), HasSubstr("not valid HTTP/1.1")) << bad;
        EXPECT_THAT(outcome(with(chunked, bad), 1), HasSubstr("not valid HTTP/1.1")) << bad;
    }
    std::string const endless(200'000, 'x');
    EXPECT_THAT(outcome(with(chunked, "3;" + endless)), HasSubstr("too long"));
    EXPECT_THAT(outcome(with(chunked, "0\r\nA: " + endless)), HasSubstr("too long"));
}

TEST(HttpResponseParser, NoticesWhereAStreamEndsTooEarly) {
    auto const sized = with("Content-Length: 5\r\n", "hello");
    auto const chunked = with("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\nA: b\r\n\r\n");
    for (auto const& whole : {sized, chunked}) {
        EXPECT_EQ(outcome(whole), "hello");
        for (std::size_t size = 0; size < whole.size(); ++size) {
            EXPECT_THAT(outcome(std::string_view(whole).substr(0, size)),
                        HasSubstr("before the response was complete"))
                << size;
        }
    }
}

TEST(HttpResponseParser, KeepsToItsLimits) {
    HttpResponseParser::Limits const limits{.head = 100, .body = 5};
    EXPECT_EQ(outcome(with("Content-Length: 5\r\n", "hello"), 10, limits), "hello");
    EXPECT_THAT(outcome(with("Content-Length: 6\r\n"), 10, limits), HasSubstr("body exceeds 5 bytes"));
    EXPECT_THAT(outcome(with("", "hello!"), 1, limits), HasSubstr("body exceeds 5 bytes"));
    EXPECT_THAT(
        outcome(with("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n3\r\nabc\r\n0\r\n\r\n"), 1, limits),
        HasSubstr("body exceeds 5 bytes"));
    EXPECT_THAT(outcome(with("A: " + std::string(100, 'x') + "\r\n"), 10, limits),
                HasSubstr("head exceeds 100"));
    EXPECT_THAT(outcome("HTTP/1.1 200 " + std::string(100, 'x'), 10, limits), HasSubstr("head exceeds 100"));
}
