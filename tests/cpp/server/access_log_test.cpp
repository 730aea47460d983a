#include "server/access_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace ocilot;
using testing::HasSubstr;

namespace {

server::AccessEntry entry() {
    server::AccessEntry out;
    out.at = Time(std::chrono::seconds(784111777));
    out.clf = "06/Nov/1994:08:49:37 +0000";
    out.peer = "203.0.113.9";
    out.user = "ann";
    out.kind = "user";
    out.method = "GET";
    out.target = "/v2/?a=\"b\"\n";
    out.protocol = "HTTP/1.1";
    out.user_agent = "docker\xff";
    out.id = "1";
    out.status = 200;
    out.body_bytes = 2;
    out.duration = std::chrono::microseconds(1500);
    return out;
}

}  // namespace

TEST(AccessLog, WritesApachesCombinedFormatAndEscapesWhatAClientSends) {
    std::string line;
    server::append_combined(line, entry());
    EXPECT_EQ(line,
              R"(203.0.113.9 - ann [06/Nov/1994:08:49:37 +0000] "GET /v2/?a=\"b\"\x0a HTTP/1.1" 200 2 "-" )"
              R"("docker\xff" 1 0.001500 user)"
              "\n");
}

TEST(AccessLog, WritesOneJsonObjectALine) {
    MemorySink sink;
    server::AccessLog const log(sink, LogFormat::json);
    log.write(entry());
    EXPECT_EQ(
        sink.text(),
        R"({"time":"1994-11-06T08:49:37.000000Z","remote":"203.0.113.9","user":"ann",)"
        R"("kind":"user","method":"GET","target":"/v2/?a=\"b\"\n","protocol":"HTTP/1.1","status":200,"bytes":2,)"
        R"("seconds":0.001500,"referer":"","user_agent":"docker)"
        "\xEF\xBF\xBD"
        R"(","request_id":"1"})"
        "\n");
}

TEST(AccessLog, CutsLongTargets) {
    auto long_one = entry();
    auto const target = std::string(5000, 'a');
    long_one.target = target;
    std::string line;
    server::append_combined(line, long_one);
    EXPECT_THAT(line, HasSubstr("a... HTTP/1.1"));
    EXPECT_LT(line.size(), 2300U);
}

TEST(AccessLog, AUserIsOneWordWhateverItsName) {
    auto strange = entry();
    strange.user = "Ann \"B\"\n- [x]";
    strange.kind = "certificate";
    std::string line;
    server::append_combined(line, strange);
    EXPECT_THAT(line, testing::StartsWith(R"(203.0.113.9 - Ann\x20\"B\"\x0a-\x20[x] [06/Nov)"));
    EXPECT_THAT(line, testing::EndsWith(" certificate\n"));
}

TEST(AccessLog, WritesADashForWhomNothingIsKnownOf) {
    auto unknown = entry();
    unknown.user = unknown.kind = {};
    std::string line;
    server::append_combined(line, unknown);
    EXPECT_THAT(line, testing::StartsWith("203.0.113.9 - - [06/Nov"));
    EXPECT_THAT(line, testing::EndsWith(" 0.001500 -\n"));
}
