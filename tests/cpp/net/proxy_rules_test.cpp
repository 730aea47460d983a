#include "net/proxy_rules.h"

#include <gmock/gmock.h>
#include <map>

using namespace ocilot;
using net::Proxy;
using net::ProxyRules;
using testing::HasSubstr;
using testing::Not;

namespace {

std::string proxy_for(ProxyRules::Settings const& settings, std::string_view url) {
    auto const rules = ProxyRules::parse(settings);
    if (rules.has_error()) return rules.error().message;
    auto const* const proxy = rules->find(net::parse_url(url).value());
    return proxy == nullptr ? "direct" : proxy->host;
}

bool goes_direct(std::string none, std::string_view url) {
    return proxy_for({.https = "p:1", .http = "p:1", .none = std::move(none)}, url) == "direct";
}

std::string refusal(ProxyRules::Settings const& settings) {
    auto const rules = ProxyRules::parse(settings);
    if (rules.has_value()) return "it was accepted";
    EXPECT_EQ(rules.error().code, Errc::config);
    return rules.error().message;
}

}  // namespace

TEST(ProxyRules, ChooseByTheScheme) {
    ProxyRules::Settings const both{.https = "http://one:3128", .http = "two"};
    EXPECT_EQ(proxy_for(both, "https://a.example/"), "one");
    EXPECT_EQ(proxy_for(both, "http://a.example/"), "two");
    EXPECT_EQ(proxy_for({.https = "one"}, "http://a.example/"), "direct");
    EXPECT_EQ(proxy_for({}, "https://a.example/"), "direct");
    EXPECT_EQ(ProxyRules().find(net::parse_url("https://a.example/").value()), nullptr);
}

TEST(ProxyRules, ReadProxies) {
    auto const read = [](std::string text) {
        return *ProxyRules::parse({.http = std::move(text)})
                    .value()
                    .find(net::parse_url("http://a/").value());
    };
    EXPECT_EQ(read("http://Proxy.Example:3128/"), (Proxy{"proxy.example", 3128}));
    EXPECT_EQ(read("proxy.example"), (Proxy{"proxy.example", 80}));
    EXPECT_EQ(read("http://[::1]:8080"), (Proxy{"::1", 8080}));
    EXPECT_EQ(read("http://Aladdin:open%20sesame@p:1"),
              (Proxy{"p", 1, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}));
    EXPECT_EQ(read("http://a:p%40@ss@p:1").authorization, "Basic YTpwQEBzcw==");
    EXPECT_EQ(read("ab@p:1").authorization, "Basic YWI6");
}

TEST(ProxyRules, RefuseWhatIsNoProxyWithoutShowingCredentials) {
    for (auto const* const bad :
         {"https://user:secret@p:1", "socks5://p:1", "http://user:secret@", "http://u:secret%4@p",
          "http://u:secret@p:0", "http://u:secret@p:99999", "http://a b", "http://u%3a:secret@p"}) {
        EXPECT_THAT(refusal({.https = bad}), HasSubstr("invalid HTTPS_PROXY: ")) << bad;
        EXPECT_THAT(refusal({.https = bad}), Not(HasSubstr("secret"))) << bad;
    }
    for (auto const* const bad :
         {"10.0.0.0/33", "a/b", "a:0", "a:x", "[::1", "[a]:1", "a?b", "user@a", "*.", ".", ".*", ":80"}) {
        EXPECT_THAT(refusal({.none = bad}), HasSubstr("invalid entry \"")) << bad;
    }
}

TEST(ProxyRules, LeaveHostsOut) {
    EXPECT_TRUE(goes_direct("example.com", "https://example.com/"));
    EXPECT_TRUE(goes_direct("EXAMPLE.com", "https://a.example.com:8443/"));
    EXPECT_TRUE(goes_direct("example.com", "https://example.com./"));
    EXPECT_TRUE(goes_direct("example.com.", "https://example.com/"));
    EXPECT_FALSE(goes_direct("example.com", "https://badexample.com/"));
    EXPECT_FALSE(goes_direct("example.com", "https://example.com.evil/"));
    EXPECT_TRUE(goes_direct(".example.com", "https://a.b.example.com/"));
    EXPECT_TRUE(goes_direct("*.example.com", "https://a.example.com/"));
    EXPECT_FALSE(goes_direct(".example.com", "https://example.com/"));
    EXPECT_TRUE(goes_direct("*", "https://anything/"));
    EXPECT_TRUE(goes_direct("example.com:8443", "https://example.com:8443/"));
    EXPECT_FALSE(goes_direct("example.com:8443", "https://example.com/"));
    EXPECT_TRUE(goes_direct("*:8443", "https://example.com:8443/"));
    EXPECT_TRUE(goes_direct("a,b c,\td ,, e", "https://e/"));
    EXPECT_FALSE(goes_direct("", "https://a/"));
    EXPECT_FALSE(goes_direct(" , ", "https://a/"));
}

TEST(ProxyRules, LeaveAddressesOut) {
    EXPECT_TRUE(goes_direct("10.0.0.0/8", "http://10.1.2.3/"));
    EXPECT_FALSE(goes_direct("10.0.0.0/8", "http://11.1.2.3/"));
    EXPECT_TRUE(goes_direct("192.0.2.1", "http://192.0.2.1/"));
    EXPECT_FALSE(goes_direct("192.0.2.1", "http://1.192.0.2.1:80/"));
    EXPECT_TRUE(goes_direct("192.0.2.1:8080", "http://192.0.2.1:8080/"));
    EXPECT_FALSE(goes_direct("192.0.2.1:8080", "http://192.0.2.1/"));
    EXPECT_TRUE(goes_direct("2001:db8::/32", "http://[2001:db8::7]/"));
    EXPECT_TRUE(goes_direct("[2001:db8::7]", "http://[2001:db8::7]/"));
    EXPECT_TRUE(goes_direct("[2001:db8::7]:81", "http://[2001:db8::7]:81/"));
    EXPECT_FALSE(goes_direct("[2001:db8::7]:81", "http://[2001:db8::7]/"));
}

TEST(ProxyRules, NeverSendOutWhatIsForThisMachine) {
    for (auto const* const url : {"http://localhost/", "http://127.0.0.1:5000/", "https://[::1]/"}) {
        EXPECT_TRUE(goes_direct("", url)) << url;
    }
}

TEST(ProxyRules, ComeFromTheEnvironment) {
    std::map<std::string, std::string> variables{
        {"HTTPS_PROXY", "upper"}, {"https_proxy", "lower"}, {"HTTP_PROXY", "http"}, {"NO_PROXY", "a,b"}};
    auto const look = [&](char const* name) { return variables[name]; };
    auto settings = ProxyRules::settings_from(look);
    EXPECT_EQ(settings.https, "lower");
    EXPECT_EQ(settings.http, "http");
    EXPECT_EQ(settings.none, "a,b");
    variables["REQUEST_METHOD"] = "GET";
    EXPECT_EQ(ProxyRules::settings_from(look).http, "") << "a client of a CGI program sets it with a header";
}
