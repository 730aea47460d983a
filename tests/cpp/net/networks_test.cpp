#include "net/networks.h"

#include <gtest/gtest.h>

namespace ocilot::net::test {

TEST(Networks, HoldTheAddressesOfTheirBits) {
    auto const set = Networks::parse({"10.0.0.0/8", "192.0.2.128/25", "2001:db8::/33", "::1", "203.0.113.7"});
    ASSERT_TRUE(set.has_value());
    for (char const* inside : {"10.0.0.0", "10.255.1.2", "192.0.2.200", "2001:db8:7fff::1", "::1",
                               "203.0.113.7", "::ffff:10.1.2.3"}) {
        EXPECT_TRUE(set->contains(inside)) << inside;
    }
    for (char const* outside : {"11.0.0.1", "192.0.2.127", "2001:db8:8000::1", "::2", "203.0.113.8", "",
                                "ten", "10.0.0.0/8", "10.0.0.1 ", "::ffff:11.1.2.3"}) {
        EXPECT_FALSE(set->contains(outside)) << outside;
    }
}

TEST(Networks, OfNoBitsHoldsAllOfItsKind) {
    auto const all = Networks::parse({"0.0.0.0/0"});
    ASSERT_TRUE(all.has_value());
    EXPECT_TRUE(all->contains("198.51.100.1"));
    EXPECT_FALSE(all->contains("2001:db8::1"));
    EXPECT_TRUE(Networks::parse({"::/0"})->contains("198.51.100.1"));
}

TEST(Networks, NameTheTextThatIsNone) {
    for (char const* text :
         {"", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/", "10.0.0.0/8x", "::/129", "proxy", "10.0.0.0/-1"}) {
        auto const set = Networks::parse({text});
        ASSERT_TRUE(set.has_error()) << text;
        EXPECT_EQ(set.error().code, Errc::config);
        EXPECT_NE(set.error().message.find(text), std::string::npos);
    }
}

}  // namespace ocilot::net::test
