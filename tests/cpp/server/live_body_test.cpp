#include "harness.h"

#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

namespace {

std::string get_path(std::string_view path) {
    return fmt::format("GET {} HTTP/1.1\r\nHost: h\r\n\r\n", path);
}

}  // namespace

TEST(LiveBody, SendsALiveBodyInChunksAndKeepsTheConnection) {
    Harness h;
    auto const wire = h.play(get_path("/live") + get_path("/x"));
    EXPECT_THAT(wire, HasSubstr("Transfer-Encoding: chunked\r\n\r\n8\r\npiece 1\n\r\n8\r\npiece 2\n\r\n"
                                "8\r\npiece 3\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(wire.substr(0, wire.find("chunked")), Not(HasSubstr("Content-Length")));
    EXPECT_THAT(wire, EndsWith("ok"));
}

TEST(LiveBody, SendsALiveBodyUntilTheConnectionEndsToClientsWithoutChunks) {
    Harness h;
    auto const wire = h.play("GET /live HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_THAT(wire, Not(HasSubstr("chunked")));
    EXPECT_THAT(wire, HasSubstr("Connection: close\r\n"));
    EXPECT_THAT(wire, EndsWith("\r\n\r\npiece 1\npiece 2\npiece 3\n"));
    EXPECT_TRUE(h.record.closed);
}

TEST(LiveBody, EndsALiveBodyWhenItIsDrained) {
    Harness h;
    h.handler.at_second = [&h] {
        h.context.draining = true;
        h.playing->drain();
    };
    auto const wire = h.play(get_path("/live") + get_path("/x"));
    EXPECT_THAT(wire, HasSubstr("\r\n\r\n8\r\npiece 1\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(wire.substr(wire.rfind("HTTP/1.1")), HasSubstr("Connection: close\r\n"));
}

TEST(LiveBody, EndsALiveBodyWhoseClientIsDropped) {
    Harness h;
    h.handler.at_second = [&h] { h.playing->drop(); };
    EXPECT_THAT(h.play(get_path("/live")), EndsWith("\r\n\r\n8\r\npiece 1\n\r\n"));
}

TEST(LiveBody, SendsNoLiveBodyToHead) {
    Harness h;
    auto const wire = h.play("HEAD /live HTTP/1.1\r\nHost: h\r\n\r\n" + get_path("/x"));
    EXPECT_THAT(wire, Not(HasSubstr("piece")));
    EXPECT_THAT(wire, EndsWith("ok"));
}
