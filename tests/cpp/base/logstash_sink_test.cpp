#include "base/logstash_sink.h"

#include <gtest/gtest.h>

using namespace ocilot;

namespace {

struct Noon final : Clock {
    [[nodiscard]] Time now() const override { return Time(std::chrono::seconds(1'700'000'000)); }
};

}  // namespace

TEST(LogstashSink, GivesALineTheNamesThatLogstashKnows) {
    MemorySink kept;
    LogstashSink sink(kept, "ocilot");
    Noon const noon;
    Log const log(sink, noon, LogFormat::json, LogLevel::debug);
    log.warn("a, \"msg\": b", {{"peer", std::string_view("192.0.2.1")}});
    EXPECT_EQ(kept.text(),
              R"({"@version":"1","type":"ocilot","@timestamp":"2023-11-14T22:13:20.000000Z","level":"warn",)"
              R"("message":"a, \"msg\": b","peer":"192.0.2.1"})"
              "\n");
}

TEST(LogstashSink, LeavesALineWithoutAMessageItsMembers) {
    MemorySink kept;
    LogstashSink sink(kept, "access");
    sink.write("{\"time\":\"t\",\"remote\":\"192.0.2.1\"}\n");
    sink.write("not JSON\n");
    EXPECT_EQ(
        kept.text(),
        "{\"@version\":\"1\",\"type\":\"access\",\"@timestamp\":\"t\",\"remote\":\"192.0.2.1\"}\nnot JSON\n");
}
