#include "net/address_policy.h"

#include <gtest/gtest.h>

using namespace ocilot;
using boost::asio::ip::make_address;
using net::AddressPolicy;

TEST(AddressPolicy, TellsPublicAddressesFromOthers) {
    auto const policy = AddressPolicy::public_only();
    for (auto const* const inside : {"127.0.0.1",
                                     "127.8.8.8",
                                     "0.0.0.0",
                                     "10.1.2.3",
                                     "172.16.0.1",
                                     "172.31.255.255",
                                     "192.168.1.1",
                                     "169.254.169.254",
                                     "100.64.0.1",
                                     "224.0.0.1",
                                     "255.255.255.255",
                                     "198.18.0.1",
                                     "::",
                                     "::1",
                                     "::7f00:1",
                                     "fe80::1",
                                     "fec0::1",
                                     "fd00::1",
                                     "fc00::1",
                                     "ff02::1",
                                     "2001:db8::1",
                                     "::ffff:127.0.0.1",
                                     "::ffff:10.0.0.1",
                                     "::ffff:0:127.0.0.1",
                                     "::ffff:0:8.8.8.8",
                                     "64:ff9b::7f00:1",
                                     "64:ff9b::a9fe:a9fe",
                                     "2002:7f00:1::",
                                     "2002:c0a8:101::1"}) {
        EXPECT_FALSE(policy.allows(make_address(inside))) << inside;
        EXPECT_TRUE(AddressPolicy::any().allows(make_address(inside))) << inside;
    }
    for (auto const* const outside :
         {"1.1.1.1", "8.8.8.8", "172.15.0.1", "172.32.0.1", "192.169.0.1", "100.128.0.1", "2606:4700::1111",
          "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"}) {
        EXPECT_TRUE(policy.allows(make_address(outside))) << outside;
    }
}

TEST(AddressPolicy, HasExceptions) {
    auto const policy =
        AddressPolicy::public_only(net::Networks::parse({"10.1.0.0/16", "fd00::/64"}).value());
    EXPECT_TRUE(policy.allows(make_address("10.1.2.3")));
    EXPECT_TRUE(policy.allows(make_address("::ffff:10.1.2.3")));
    EXPECT_TRUE(policy.allows(make_address("fd00::1")));
    EXPECT_FALSE(policy.allows(make_address("10.2.0.1")));
}
