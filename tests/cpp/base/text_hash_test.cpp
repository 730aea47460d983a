#include "base/text_hash.h"

#include <gtest/gtest.h>
#include <set>
#include <string>

using ocilot::TextHash;

// CPython hashes its texts by the same function; with PYTHONHASHSEED=0 the key is zero.
TEST(TextHash, IsTheFunctionOthersHave) {
    TextHash const hash(0, 0);
    EXPECT_EQ(hash("a"), 0x407448d2b89b1813U);
    EXPECT_EQ(hash("ocilot"), 0x3a1978045b924ea1U);
    EXPECT_EQ(hash("12345678"), 0x3489982430560a87U);
    EXPECT_EQ(hash("library/alpine"), 0xaecdeaf9fe6ee3a1U);
    EXPECT_EQ(hash("a text of more than two words"), 0xc5004e0cfb6cea9aU);
}

TEST(TextHash, TakesEveryByteAndTheLengthIntoAccount) {
    TextHash const hash(0, 0);
    std::set<std::size_t> seen;
    for (std::size_t size = 0; size < 64; ++size) {
        auto text = std::string(size, 'a');
        seen.insert(hash(text));
        for (auto& c : text) {
            c = 'b';
            seen.insert(hash(text));
            c = 'a';
        }
    }
    EXPECT_EQ(seen.size(), 64U + 63U * 64U / 2);
}

TEST(TextHash, HasAKeyOfItsOwn) {
    EXPECT_NE(TextHash()("text"), TextHash()("text"));
    TextHash const hash;
    EXPECT_EQ(hash("text"), hash(std::string("text")));
}
