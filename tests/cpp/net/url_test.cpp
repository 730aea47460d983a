#include "net/url.h"

#include <gtest/gtest.h>

using namespace ocilot;
using net::Url;

TEST(OutgoingUrl, IsTakenApart) {
    EXPECT_EQ(net::parse_url("https://Issuer.Example").value(), (Url{true, "issuer.example", 443, "/"}));
    EXPECT_EQ(net::parse_url("http://127.0.0.1:8080/a/b?c=d#e").value(),
              (Url{false, "127.0.0.1", 8080, "/a/b?c=d"}));
    EXPECT_EQ(net::parse_url("HTTPS://[::1]:443?q").value(), (Url{true, "::1", 443, "/?q"}));
}

TEST(OutgoingUrl, IsRefusedIfItIsNone) {
    for (auto const* const text :
         {"", "issuer.example", "ftp://a/", "https://", "https:///x", "https://a:0/", "https://a:65536/",
          "https://a:x", "https://user:secret@a/", "https://a b/", "https://a/\r\nX: y", "https://[::g]/",
          "https://[::1]x/", "https://[fe80::1%25eth0]/", "https://[1::%[]/", "https://a%41/",
          "https://\xc3\xa4/"}) {
        EXPECT_EQ(net::parse_url(text).error().code, Errc::bad_request) << text;
    }
    EXPECT_TRUE(net::parse_url("https://a/" + std::string(9000, 'x')).has_error());
}

TEST(OutgoingUrl, IsShownWithoutItsQuery) {
    auto const url = net::parse_url("https://a:8443/b?token=secret").value();
    EXPECT_EQ(url.shown(), "https://a:8443/b");
    EXPECT_EQ(net::parse_url("http://[::1]/").value().shown(), "http://[::1]/");
}

TEST(OutgoingUrl, KnowsThisMachineOnlyByItsOwnNames) {
    for (auto const* const here : {"http://localhost/", "http://127.0.0.2:81", "http://[::1]/"}) {
        EXPECT_TRUE(net::parse_url(here).value().is_loopback()) << here;
    }
    for (auto const* const there : {"http://localhost.evil/", "http://127.0.0.1.evil/", "http://10.0.0.1/"}) {
        EXPECT_FALSE(net::parse_url(there).value().is_loopback()) << there;
    }
}

TEST(OutgoingUrl, LeadsOnAsAPageSays) {
    auto const base = net::parse_url("https://a.example:8443/x/y?z").value();
    auto const leads_to = [&](char const* reference) {
        auto const url = net::resolve_url(base, reference).value();
        return (url.tls ? "https://" : "http://") + url.authority() + url.target;
    };
    EXPECT_EQ(leads_to("http://b/c"), "http://b/c");
    EXPECT_EQ(leads_to("//b/c"), "https://b/c");
    EXPECT_EQ(leads_to("/c?d"), "https://a.example:8443/c?d");
    EXPECT_EQ(leads_to("c"), "https://a.example:8443/x/c");
    EXPECT_EQ(leads_to("?q"), "https://a.example:8443/x/y?q");
    EXPECT_TRUE(net::resolve_url(base, "javascript:alert(1)").has_error());
}
