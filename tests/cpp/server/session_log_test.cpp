// What a session writes into the logs.
#include "harness.h"
#include "server/forwarded_warning.h"

#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using testing::HasSubstr;

namespace {

std::string get(std::string_view path, std::string_view more = {}) {
    return fmt::format("GET {} HTTP/1.1\r\nHost: h\r\n{}\r\n", path, more);
}

}  // namespace

TEST(SessionLog, WritesOneAccessLogLineARequest) {
    Harness h;
    h.play(get("/x?a=b", "User-Agent: docker\r\nReferer: http://r/\r\n") + "bad\x01\r\n\r\n");
    EXPECT_EQ(
        h.access_sink.text(),
        "2001:db8::1 - - [06/Nov/1994:08:49:37 +0000] \"GET /x?a=b HTTP/1.1\" 200 2 \"http://r/\" \"docker\" "
        "abababababababab 0.000000 -\n"
        "2001:db8::1 - - [06/Nov/1994:08:49:37 +0000] \"bad\\x01\" 400 79 \"-\" \"-\" abababababababab "
        "0.000000 -\n");
}

TEST(SessionLog, LogsTheCallerOfEachRequestOfAConnection) {
    Harness h;
    h.play(get("/known") + get("/x"));
    auto const text = h.access_sink.text();
    auto const second = text.find('\n') + 1;
    EXPECT_THAT(text.substr(0, second), HasSubstr("2001:db8::1 - ann [06/Nov"));
    EXPECT_THAT(text.substr(second), HasSubstr("2001:db8::1 - - [06/Nov"));
}

TEST(SessionLog, WarnsOnceOfForwardedHeadersThatAreNotBelieved) {
    Harness h;
    server::ForwardedWarning warning(h.log);
    h.context.forwarded = &warning;
    h.play(get("/x") + get("/x", "X-Forwarded-Proto: https\r\n") + get("/x", "Forwarded: for=192.0.2.1\r\n"));
    h.play(get("/x", "X-Forwarded-For: 192.0.2.1\r\n"));
    EXPECT_EQ(h.log_sink.text(),
              "time=1994-11-06T08:49:37.000000Z level=warn msg=\"forwarded header ignored; if the peer is a "
              "reverse proxy, add its address to ocilot.trustedproxies\" header=X-Forwarded-Proto "
              "peer=2001:db8::1\n");
}

TEST(SessionLog, WarnsOfNoForwardedHeaderThatIsBelieved) {
    Harness h;
    server::ForwardedWarning warning(h.log);
    h.context.forwarded = &warning;
    h.proxies = *net::Networks::parse({"2001:db8::/32"});
    h.play(get("/x", "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n"));
    EXPECT_EQ(h.log_sink.text(), "");
    h.context.names_clients = false;
    h.play(get("/x", "X-Forwarded-Proto: https\r\nForwarded: proto=https\r\n"));
    EXPECT_EQ(h.log_sink.text(), "") << "it names the registry, not the client";
    h.play(get("/x", "Forwarded: proto=https;for=192.0.2.1\r\n"));
    EXPECT_THAT(h.log_sink.text(), HasSubstr("header=Forwarded peer=2001:db8::1"));
}
