#include "http_fixture.h"
#include "tunnel_proxy.h"

using namespace ocilot;
using namespace std::chrono_literals;
using test::hold;
using test::ok;
using test::TunnelProxy;
using test::WireServer;
using testing::HasSubstr;
using testing::Not;

namespace {

class HttpProxy : public test::HttpFixture {
  protected:
    void through(net::ProxyRules::Settings const& settings) {
        make({.proxies = net::ProxyRules::parse(settings).value()});
    }
};

}  // namespace

TEST_F(HttpProxy, IsAskedForWholeUrls) {
    WireServer proxy({{ok("1"), ok("2")}});
    through({.http = fmt::format("http://user:pass@localhost:{}", proxy.port())});
    EXPECT_EQ(get("http://registry.test/a?b").value().body, "1");
    EXPECT_EQ(get("http://registry.test/c").value().body, "2");
    EXPECT_EQ(proxy.requests().at(0),
              "GET http://registry.test/a?b HTTP/1.1\r\nHost: registry.test\r\nUser-Agent: ocilot\r\n"
              "Proxy-Authorization: Basic dXNlcjpwYXNz\r\n\r\n");
    EXPECT_EQ(proxy.connections(), 1U);
}

TEST_F(HttpProxy, LeadsTlsThroughATunnel) {
    auto const certificate = named("DNS:registry.test");
    WireServer server({{ok("1"), ok("2")}}, {.certificate = &certificate});
    TunnelProxy proxy(server.port());
    through({.https = proxy.url("user:pass@")});
    EXPECT_EQ(
        fetch({.url = "https://registry.test/a", .headers = {{"Authorization", "secret"}}}).value().body,
        "1");
    EXPECT_EQ(get("https://registry.test/b").value().body, "2");
    ASSERT_EQ(proxy.requests().size(), 1U);
    EXPECT_EQ(proxy.requests().at(0),
              "CONNECT registry.test:443 HTTP/1.1\r\nHost: registry.test:443\r\nUser-Agent: ocilot\r\n"
              "Proxy-Authorization: Basic dXNlcjpwYXNz\r\n\r\n");
    EXPECT_THAT(server.requests().at(0), HasSubstr("GET /a HTTP/1.1\r\nHost: registry.test\r\n"));
    EXPECT_THAT(server.requests().at(0), Not(HasSubstr("Proxy-Authorization")));
}

TEST_F(HttpProxy, IsNotTrustedInPlaceOfTheServer) {
    auto const certificate = named("DNS:elsewhere.test");
    WireServer server({{ok("1")}}, {.certificate = &certificate});
    TunnelProxy proxy(server.port());
    through({.https = proxy.url()});
    EXPECT_THAT(failure({.url = "https://registry.test/"}), HasSubstr("registry.test is not trusted"));
}

TEST_F(HttpProxy, SaysWhyThereIsNoTunnel) {
    auto const refusal = [&](std::string answer) {
        TunnelProxy proxy(1, std::move(answer));
        through({.https = proxy.url("user:secret@")});
        auto message = failure({.url = "https://registry.test/"});
        EXPECT_THAT(message, Not(HasSubstr("secret")));
        return message;
    };
    EXPECT_THAT(refusal("HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n"), HasSubstr("asks for credentials"));
    EXPECT_THAT(refusal("HTTP/1.1 403 No\r\nContent-Length: 9\r\n\r\nforbidden"), HasSubstr("status 403"));
    EXPECT_THAT(refusal("SOCKS?"), HasSubstr("not valid HTTP"));
    EXPECT_THAT(refusal("HTTP/1.1 301 Moved\r\nLocation: http://x/\r\n\r\n"), HasSubstr("status 301"));
}

TEST_F(HttpProxy, MayNotSpeakForTheServer) {
    WireServer server({{hold()}});
    TunnelProxy proxy(server.port(), "HTTP/1.1 200 Established\r\n\r\nforged");
    through({.https = proxy.url()});
    EXPECT_THAT(failure({.url = "https://registry.test/"}), HasSubstr("sent more than its response"));
}

TEST_F(HttpProxy, HasOnlySoMuchTime) {
    auto const silent = test::stuck_listener();
    through({.https = fmt::format("127.0.0.1:{}", test::port_of(silent))});
    EXPECT_THAT(failure({.url = "https://registry.test/", .timeouts = {.connect = 300ms}}),
                HasSubstr("timeout of the connection"));
}

TEST_F(HttpProxy, IsLeftOutWhereTheRulesSay) {
    WireServer server({{ok("direct")}});
    through({.http = "http://unknown.invalid:1", .none = "registry.test"});
    EXPECT_EQ(get(server.url()).value().body, "direct");
    EXPECT_THAT(failure({.url = "http://registry.test/"}), HasSubstr("the name registry.test"));
    EXPECT_THAT(failure({.url = "http://other.test/"}), HasSubstr("the name unknown.invalid"));
}

TEST_F(HttpProxy, IsNotHeldAgainstThePolicyButAddressesInUrlsAre) {
    WireServer proxy({{ok("1")}});
    make({.proxies = net::ProxyRules::parse({.http = fmt::format("localhost:{}", proxy.port())}).value(),
          .addresses = net::AddressPolicy::public_only()});
    EXPECT_EQ(get("http://registry.test/").value().body, "1");
    EXPECT_THAT(failure({.url = "http://10.0.0.1/"}, Errc::denied),
                HasSubstr("address 10.0.0.1 is not public"));
    for (std::string const host :
         {"127.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1", "127.0.0.1.", "0x7f000001"}) {
        EXPECT_THAT(failure({.url = "http://" + host + "/"}, Errc::denied), HasSubstr(host));
    }
    EXPECT_EQ(proxy.requests().size(), 1U);
}
