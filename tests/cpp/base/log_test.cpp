#include "base/log.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <unistd.h>

using namespace ocilot;
using namespace std::chrono_literals;

namespace {

class StoppedClock final : public Clock {
  public:
    [[nodiscard]] Time now() const override { return Time{} + 1500ms; }
};

/// What a log of `format` writes for one message and one field.
std::string line_of(LogFormat format, std::string_view message, LogField const& field) {
    MemorySink sink;
    StoppedClock const clock;
    Log(sink, clock, format, LogLevel::debug).info(message, {field});
    return sink.text();
}

std::string json_string(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

}  // namespace

TEST(Log, WritesKeysAndValuesAsText) {
    MemorySink sink;
    StoppedClock const clock;
    Log const log(sink, clock, LogFormat::text, LogLevel::debug);
    log.info("blob stored", {{"digest", "sha256:ab"},
                             {"empty", ""},
                             {"size", std::uint64_t{18446744073709551615U}},
                             {"delta", std::int64_t{-3}},
                             {"seconds", 0.25},
                             {"mounted", false}});
    EXPECT_EQ(sink.text(),
              "time=1970-01-01T00:00:01.500000Z level=info msg=\"blob stored\" digest=sha256:ab empty=\"\" "
              "size=18446744073709551615 delta=-3 seconds=0.25 mounted=false\n");
}

TEST(Log, WritesOneJsonObjectALine) {
    MemorySink sink;
    StoppedClock const clock;
    Log const log(sink, clock, LogFormat::json, LogLevel::debug);
    log.error("no room", {{"path", "/a b"}, {"size", std::uint64_t{7}}, {"ok", true}, {"seconds", 1e-9}});
    log.debug("x");
    EXPECT_EQ(
        sink.text(),
        "{\"time\":\"1970-01-01T00:00:01.500000Z\",\"level\":\"error\",\"msg\":\"no room\",\"path\":\"/a b\","
        "\"size\":7,\"ok\":true,\"seconds\":1e-09}\n"
        "{\"time\":\"1970-01-01T00:00:01.500000Z\",\"level\":\"debug\",\"msg\":\"x\"}\n");
}

TEST(Log, WritesNullForNumbersThatJsonDoesNotHave) {
    for (double const value : {std::nan(""), std::numeric_limits<double>::infinity()}) {
        EXPECT_EQ(line_of(LogFormat::json, "x", {"n", value}),
                  "{\"time\":\"1970-01-01T00:00:01.500000Z\",\"level\":\"info\",\"msg\":\"x\",\"n\":null}\n");
    }
}

TEST(Log, LeavesOutWhatIsBelowItsLevel) {
    MemorySink sink;
    StoppedClock const clock;
    Log const log(sink, clock, LogFormat::text, LogLevel::warn);
    log.debug("a");
    log.info("b");
    EXPECT_EQ(sink.text(), "");
    EXPECT_FALSE(log.is_enabled(LogLevel::info));
    EXPECT_TRUE(log.is_enabled(LogLevel::warn));
    log.warn("c");
    log.error("d");
    EXPECT_EQ(std::ranges::count(sink.text(), '\n'), 2);
}

TEST(Log, LetsNoClientForgeALineOrAField) {
    std::string const hostile[] = {
        "x\ntime=1970-01-01T00:00:00Z level=error msg=forged",
        "x\r\n{\"level\":\"error\"}",
        "x level=error",
        "x\" level=\"error",
        "x\\",
        "a=b",
        "x\x1b[2Kx",
        "x\x7f\b\f\v",
        std::string("x\0y", 3),
        "x\xc2\x85y",
        "x\xc2\x9b"
        "2Ky",
        "x\xe2\x80\xa8y\xe2\x80\xa9z",
        "x\xffy",
        "x\xe2\x80\xaey\xe2\x81\xa6z",
        "x\xd8\x9cy\xe2\x80\x8fz",
    };
    for (auto const& value : hostile) {
        for (auto const format : {LogFormat::text, LogFormat::json}) {
            auto const line = line_of(format, value, {"name", value});
            EXPECT_EQ(std::ranges::count_if(line, [](unsigned char c) { return c < 0x20 || c == 0x7f; }), 1)
                << line;
            EXPECT_EQ(line.back(), '\n');
            for (auto const separator : {"\xc2\x85", "\xc2\x9b", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xff",
                                         "\xe2\x80\xae", "\xe2\x81\xa6", "\xd8\x9c", "\xe2\x80\x8f"}) {
                EXPECT_EQ(line.find(separator), std::string::npos) << line;
            }
        }
        auto const quoted = json_string(value);
        EXPECT_TRUE(line_of(LogFormat::text, "m", {"name", value}).ends_with(" name=" + quoted + "\n"))
            << value;
    }
}

TEST(Log, QuotesStringsAsJsonDoes) {
    EXPECT_EQ(json_string(""), "\"\"");
    EXPECT_EQ(json_string("a\"b\\c/d"), R"("a\"b\\c/d")");
    EXPECT_EQ(json_string("\n\r\t\x01\x1f\x7f"), R"("\n\r\t\u0001\u001f\u007f")");
    EXPECT_EQ(json_string(std::string_view("\0", 1)), R"("\u0000")");
    EXPECT_EQ(json_string("\xc2\x80\xc2\x9f\xe2\x80\xa8\xe2\x80\xa9"), R"("\u0080\u009f\u2028\u2029")");
    EXPECT_EQ(json_string("\xc2\xa0\xc3\xa9\xe2\x80\xa7\xf0\x9f\x98\x80"),
              "\"\xc2\xa0\xc3\xa9\xe2\x80\xa7\xf0\x9f\x98\x80\"");
    EXPECT_EQ(json_string("a\xff\xc3"), "\"a\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(Log, SendsEachLineWholeToAFileDescriptor) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    FdSink sink(ends[1]);
    sink.write("one\n");
    sink.write("two\n");
    ::close(ends[1]);
    std::array<char, 64> buffer{};
    auto const got = ::read(ends[0], buffer.data(), buffer.size());
    ::close(ends[0]);
    ASSERT_GT(got, 0);
    EXPECT_EQ(std::string_view(buffer.data(), static_cast<std::size_t>(got)), "one\ntwo\n");
}
