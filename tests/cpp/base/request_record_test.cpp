#include "base/request_record.h"

#include <gtest/gtest.h>

using ocilot::is_traceparent;
using ocilot::RequestRecord;

namespace {

constexpr std::string_view trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

RequestRecord record(RequestRecord::Parts const& parts) {
    return RequestRecord(parts);
}

}  // namespace

TEST(RequestRecord, KeepsEachPart) {
    auto const kept = record({.method = "PUT",
                              .scheme = "https",
                              .host = "r.test:5000",
                              .path = "/v2/a/manifests/v1",
                              .user_agent = "docker/27",
                              .traceparent = trace});
    EXPECT_EQ(kept.method(), "PUT");
    EXPECT_EQ(kept.scheme(), "https");
    EXPECT_EQ(kept.host(), "r.test:5000");
    EXPECT_EQ(kept.path(), "/v2/a/manifests/v1");
    EXPECT_EQ(kept.user_agent(), "docker/27");
    EXPECT_EQ(kept.traceparent(), trace);
    auto const bare = record({.method = "DELETE"});
    EXPECT_EQ(bare.method(), "DELETE");
    EXPECT_EQ(bare.host(), "");
    EXPECT_EQ(bare.user_agent(), "");
    EXPECT_EQ(bare.traceparent(), "");
    EXPECT_NE(record({.host = "ab"}), record({.path = "ab"})) << "the parts, not the text of all";
}

TEST(RequestRecord, CutsWhatIsTooLongButNoCharacter) {
    std::string const long_text(5000, 'a');
    auto const kept = record({.method = long_text,
                              .scheme = long_text,
                              .host = long_text,
                              .path = long_text,
                              .user_agent = long_text});
    EXPECT_EQ(kept.method().size(), RequestRecord::max_word);
    EXPECT_EQ(kept.scheme().size(), RequestRecord::max_word);
    EXPECT_EQ(kept.host().size(), RequestRecord::max_host);
    EXPECT_EQ(kept.path().size(), RequestRecord::max_path);
    EXPECT_EQ(kept.user_agent().size(), RequestRecord::max_user_agent);
    auto const umlaut = std::string(RequestRecord::max_user_agent - 1, 'a') + "ü";
    EXPECT_EQ(record({.user_agent = umlaut}).user_agent(),
              umlaut.substr(0, RequestRecord::max_user_agent - 1));
    std::string const broken(5000, '\x80');
    EXPECT_EQ(record({.user_agent = broken}).user_agent(), "") << "no text at all";
}

TEST(RequestRecord, ATraceparentHasTheFormOfItsSpecification) {
    EXPECT_TRUE(is_traceparent(trace));
    EXPECT_TRUE(is_traceparent("cc" + std::string(trace.substr(2)))) << "a later version";
    EXPECT_FALSE(is_traceparent(""));
    EXPECT_FALSE(is_traceparent(trace.substr(1)));
    EXPECT_FALSE(is_traceparent(std::string(trace) + "-00"));
    EXPECT_FALSE(is_traceparent("ff" + std::string(trace.substr(2)))) << "no version";
    EXPECT_FALSE(is_traceparent("00-00000000000000000000000000000000-b7ad6b7169203331-01")) << "no trace";
    EXPECT_FALSE(is_traceparent("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01")) << "no span";
    for (std::size_t at = 0; at < trace.size(); ++at) {
        for (char const other : {'A', 'g', '-', ' ', '\n'}) {
            std::string text(trace);
            if (text[at] == other) continue;
            text[at] = other;
            EXPECT_FALSE(is_traceparent(text)) << text;
        }
    }
}
