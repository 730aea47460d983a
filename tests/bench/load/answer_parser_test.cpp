#include "answer_parser.h"

#include <gtest/gtest.h>
#include <string>

using namespace ocilot::load;
using State = AnswerParser::State;

namespace {

constexpr std::string_view with_length = "HTTP/1.1 200 OK\r\ncontent-LENGTH: 5\r\nX-Other: a: b\r\n\r\nhello";
constexpr std::string_view chunked =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;name=x\r\nhello\r\nA\r\n0123456789\r\n0\r\nX: "
    "y\r\n\r\n";

State feed_all(AnswerParser& parser, std::string_view text, std::size_t piece) {
    State state = State::more;
    while (!text.empty() && state == State::more) {
        auto data = text.substr(0, piece);
        auto const size = data.size();
        state = parser.feed(data);
        text.remove_prefix(size - data.size());
    }
    return text.empty() ? state : State::malformed;
}

State whole(AnswerParser& parser, std::string_view text, bool body = true) {
    parser.expect(body);
    return feed_all(parser, text, text.size());
}

}  // namespace

TEST(AnswerParser, ReadsAnswersWhereverTheyAreCut) {
    AnswerParser parser;
    for (std::size_t piece = 1; piece <= chunked.size(); ++piece) {
        parser.expect(true);
        ASSERT_EQ(feed_all(parser, with_length, piece), State::complete) << piece;
        EXPECT_EQ(parser.answer().status, 200);
        EXPECT_EQ(parser.answer().body_bytes, 5U);
        EXPECT_FALSE(parser.answer().close);
        parser.expect(true);
        ASSERT_EQ(feed_all(parser, chunked, piece), State::complete) << piece;
        EXPECT_EQ(parser.answer().body_bytes, 15U);
    }
}

TEST(AnswerParser, AShortBodyIsNotComplete) {
    AnswerParser parser;
    EXPECT_EQ(whole(parser, with_length.substr(0, with_length.size() - 1)), State::more);
    EXPECT_EQ(parser.skippable(), 1U);
    EXPECT_EQ(whole(parser, chunked.substr(0, chunked.size() - 2)), State::more);
}

TEST(AnswerParser, LeavesWhatFollowsTheAnswer) {
    AnswerParser parser;
    parser.expect(true);
    std::string const two = std::string(with_length) + "HTTP";
    std::string_view data = two;
    EXPECT_EQ(parser.feed(data), State::complete);
    EXPECT_EQ(data, "HTTP");
    EXPECT_EQ(parser.feed(data), State::malformed);
}

TEST(AnswerParser, BodiesMayBeSkippedUnseen) {
    AnswerParser parser;
    EXPECT_EQ(whole(parser, "HTTP/1.1 206 Partial Content\r\nContent-Length: 100\r\n\r\nab"), State::more);
    EXPECT_EQ(parser.skippable(), 98U);
    EXPECT_EQ(parser.skipped(90), State::more);
    EXPECT_EQ(parser.skipped(8), State::complete);
    EXPECT_EQ(parser.answer().body_bytes, 100U);
    EXPECT_EQ(parser.skippable(), 0U);
}

TEST(AnswerParser, AnAnswerToHeadHasNoBody) {
    AnswerParser parser;
    EXPECT_EQ(whole(parser, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", false), State::complete);
    EXPECT_EQ(parser.answer().body_bytes, 0U);
    EXPECT_EQ(whole(parser, "HTTP/1.1 204 No Content\r\n\r\n"), State::complete);
}

TEST(AnswerParser, KeepsLocationAndWhetherTheConnectionCloses) {
    AnswerParser parser;
    EXPECT_EQ(whole(parser,
                    "HTTP/1.1 202 Accepted\r\nLocation: /v2/a/blobs/uploads/1?s=x \r\n"
                    "Connection: Close\r\nContent-Length: 0\r\n\r\n"),
              State::complete);
    EXPECT_EQ(parser.answer().status, 202);
    EXPECT_EQ(parser.answer().location, "/v2/a/blobs/uploads/1?s=x");
    EXPECT_TRUE(parser.answer().close);
    EXPECT_EQ(whole(parser, with_length), State::complete);
    EXPECT_FALSE(parser.answer().close);
    EXPECT_EQ(parser.answer().location, "");
    EXPECT_EQ(whole(parser, "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"), State::complete);
    EXPECT_TRUE(parser.answer().close);
}

TEST(AnswerParser, PassesOverInterimAnswers) {
    AnswerParser parser;
    EXPECT_EQ(whole(parser, "HTTP/1.1 100 Continue\r\n\r\n" + std::string(with_length)), State::complete);
    EXPECT_EQ(parser.answer().status, 200);
}

TEST(AnswerParser, CallsEverythingElseMalformed) {
    AnswerParser parser;
    EXPECT_EQ(whole(parser, "SSH-2.0-OpenSSH_9.2 Debian\r\n\r\n"), State::malformed);
    EXPECT_EQ(whole(parser, "HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n"), State::malformed);
    EXPECT_EQ(whole(parser, "HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\n"), State::malformed);
    EXPECT_EQ(whole(parser, "HTTP/1.1 200 OK\r\nContent-Length 5\r\n\r\n"), State::malformed);
    EXPECT_EQ(whole(parser, "HTTP/1.1 200 OK\r\n\r\nno length"), State::malformed);
    EXPECT_EQ(whole(parser, "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"), State::malformed);
    EXPECT_EQ(whole(parser, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"),
              State::malformed);
    EXPECT_EQ(whole(parser, std::string(100'000, 'x')), State::malformed);
}
