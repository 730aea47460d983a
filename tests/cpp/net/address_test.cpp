#include "net/address.h"

#include <boost/asio/local/stream_protocol.hpp>
#include <gtest/gtest.h>

using namespace ocilot;
using net::Address;

TEST(Address, IsReadInItsThreeForms) {
    EXPECT_EQ(net::parse_address("127.0.0.1:5000").value(), (Address{"127.0.0.1", 5000}));
    EXPECT_EQ(net::parse_address("localhost:0").value(), (Address{"localhost", 0}));
    EXPECT_EQ(net::parse_address(":65535").value(), (Address{"", 65535}));
    EXPECT_EQ(net::parse_address("[::1]:5000").value(), (Address{"::1", 5000}));
    EXPECT_EQ(net::parse_address("[::]:443").value(), (Address{"::", 443}));
}

TEST(Address, OutOfTheGrammarIsRefusedWithTheReasonAndAnExample) {
    for (auto const* text :
         {"", "5000", "localhost", "localhost:", "localhost:http", "localhost:65536", "h:-1", "h:+1",
          "::1:5000", "[::1]", "[]:5000", "[localhost]:5000", "a b:5000", "http://h:5000"}) {
        auto const refused = net::parse_address(text);
        ASSERT_TRUE(refused.has_error()) << text;
        EXPECT_EQ(refused.error().code, Errc::config);
        EXPECT_NE(refused.error().message.find("127.0.0.1:5000"), std::string::npos);
    }
    EXPECT_EQ(net::parse_address("::1:5000").error().message,
              "invalid address \"::1:5000\": an IPv6 address needs brackets; expected an address such as "
              "127.0.0.1:5000, :5000 or [::1]:5000");
}

TEST(Address, OfAnEndpointIsWrittenNumerically) {
    auto const written = [](char const* address) {
        return net::format_endpoint(net::Tcp::endpoint(asio::ip::make_address(address), 40112));
    };
    EXPECT_EQ(written("203.0.113.9"), "203.0.113.9:40112");
    EXPECT_EQ(written("2001:db8::1"), "[2001:db8::1]:40112");
    EXPECT_EQ(written("::ffff:203.0.113.9"), "203.0.113.9:40112");
    EXPECT_EQ(net::format_endpoint(asio::local::stream_protocol::endpoint("/run/socket")), "local");
}
