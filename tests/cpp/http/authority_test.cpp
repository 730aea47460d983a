#include "http/core/authority.h"

#include <gtest/gtest.h>
#include <string>

namespace ocilot::http {
namespace {

TEST(Authority, IsAHostWithAnOptionalPort) {
    auto const parts = [](std::string_view text) {
        auto const found = parse_authority(text);
        return found ? std::string(found->host) + '|' + std::string(found->port) : "none";
    };
    EXPECT_EQ(parts("registry.example"), "registry.example|");
    EXPECT_EQ(parts("Registry_1.example:5000"), "Registry_1.example|5000");
    EXPECT_EQ(parts("192.0.2.1:80"), "192.0.2.1|80");
    EXPECT_EQ(parts("[::1]:5000"), "[::1]|5000");
    EXPECT_EQ(parts("[fe80::1%eth0]"), "[fe80::1%eth0]|");
    EXPECT_EQ(parts("host:"), "host|");
    for (auto const* text : {"",           ":5000",   "user@host", "user:secret@host",
                             "a b",        "a/b",     "a?b",       "a#b",
                             "a,b",        "a\\b",    "a\"b",      "[::1",
                             "::1",        "[]",      "[::1]x",    "host:0",
                             "host:65536", "host:1a", "host:-1",   "\xc3\xa4"}) {
        EXPECT_EQ(parts(text), "none") << text;
    }
    EXPECT_EQ(parts(std::string(256, 'a')), "none");
}

TEST(AbsoluteTarget, IsTakenApart) {
    auto const parts = [](std::string_view target) {
        auto const found = split_absolute(target);
        if (!found) return std::string("none");
        return std::string(found->scheme) + '|' + std::string(found->authority) + '|' +
               std::string(found->rest);
    };
    EXPECT_EQ(parts("HTTP://host:5000/v2/?n=1"), "HTTP|host:5000|/v2/?n=1");
    EXPECT_EQ(parts("http://a?/healthz"), "http|a|?/healthz");
    EXPECT_EQ(parts("http://a#/healthz"), "http|a|#/healthz");
    EXPECT_EQ(parts("https://host"), "https|host|");
    EXPECT_EQ(parts("http:///healthz"), "http||/healthz");
    EXPECT_EQ(parts("http://u:p@h/"), "http|u:p@h|/");
    for (auto const* target : {"/v2/", "/http://a/", "*", "", "a?x=http://b/", "host:443"}) {
        EXPECT_EQ(parts(target), "none") << target;
    }
}

}  // namespace
}  // namespace ocilot::http
