#include "server/client_address.h"

#include <gtest/gtest.h>

namespace ocilot::server {
namespace {

class ClientAddressTest : public ::testing::Test {
  protected:
    std::string_view of(std::string_view peer,
                        std::vector<std::pair<std::string_view, std::string_view>> headers) {
        RequestHead head;
        head.headers = std::move(headers);
        return client_address(peer, head, trusted);
    }
    net::Networks trusted = *net::Networks::parse({"10.0.0.0/8", "2001:db8::/32"});
};

TEST_F(ClientAddressTest, IsThePeerWhateverAStrangerWrites) {
    EXPECT_EQ(of("192.0.2.1", {{"X-Forwarded-For", "203.0.113.5"}}), "192.0.2.1");
    EXPECT_EQ(of("10.0.0.1", {}), "10.0.0.1");
}

TEST_F(ClientAddressTest, IsTheLastAddressThatIsNotAProxyOfOurs) {
    EXPECT_EQ(of("10.0.0.1", {{"x-forwarded-for", "203.0.113.5"}}), "203.0.113.5");
    EXPECT_EQ(of("10.0.0.1", {{"X-Forwarded-For", "198.51.100.66, 203.0.113.5 , 10.0.0.9"}}), "203.0.113.5")
        << "what stands before it is the client's own claim";
    EXPECT_EQ(of("10.0.0.1", {{"X-Forwarded-For", "198.51.100.66"}, {"X-Forwarded-For", "203.0.113.5"}}),
              "203.0.113.5")
        << "several lines are one list";
    EXPECT_EQ(of("10.0.0.1", {{"X-Forwarded-For", "10.0.0.7, 10.0.0.8"}}), "10.0.0.7");
}

TEST_F(ClientAddressTest, ReadsTheFormsOfBothHeaders) {
    EXPECT_EQ(of("10.0.0.1", {{"X-Forwarded-For", "203.0.113.5:4711"}}), "203.0.113.5");
    EXPECT_EQ(of("10.0.0.1", {{"Forwarded", "for=203.0.113.5;proto=https;by=10.0.0.1"}}), "203.0.113.5");
    EXPECT_EQ(of("10.0.0.1", {{"Forwarded", R"(For="[2001:470::17]:4711")"}}), "2001:470::17");
    EXPECT_EQ(of("10.0.0.1", {{"Forwarded", "proto=https; FOR=203.0.113.5"}}), "203.0.113.5");
    EXPECT_EQ(of("10.0.0.1", {{"Forwarded", "xfor=203.0.113.5"}}), "10.0.0.1");
    EXPECT_EQ(of("2001:db8::1", {{"X-Forwarded-For", "2001:470::17"}}), "2001:470::17");
}

TEST_F(ClientAddressTest, StopsAtWhatIsNoAddress) {
    for (char const* text : {"unknown", "_hidden", "", "for=", "[", "\"", "203.0.113.5\r\nx: y", ","}) {
        EXPECT_EQ(of("10.0.0.1", {{"X-Forwarded-For", text}}), "10.0.0.1") << text;
        EXPECT_EQ(of("10.0.0.1", {{"Forwarded", text}}), "10.0.0.1") << text;
    }
}

TEST_F(ClientAddressTest, WithoutProxiesNothingIsRead) {
    trusted = {};
    EXPECT_EQ(of("10.0.0.1", {{"X-Forwarded-For", "203.0.113.5"}}), "10.0.0.1");
}

}  // namespace
}  // namespace ocilot::server
