#include "base/random.h"

#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <set>
#include <vector>

using namespace ocilot;

TEST(SystemRandom, NeverGivesTheSameBytesTwice) {
    SystemRandom random;
    std::set<std::array<std::byte, 16>> seen;
    for (int i = 0; i < 1000; ++i) {  // Many times what is asked for ahead.
        std::array<std::byte, 16> bytes{};
        random.fill(bytes);
        EXPECT_TRUE(seen.insert(bytes).second);
    }
}

TEST(SystemRandom, FillsWhateverSizeIsAsked) {
    SystemRandom random;
    for (std::size_t const size : {0U, 1U, 255U, 256U, 257U, 1024U, 5000U}) {
        std::vector<std::byte> bytes(size + 1);
        random.fill(std::span(bytes).first(size));
        EXPECT_EQ(bytes.back(), std::byte{0}) << size;
        bool const some =
            size < 16 || std::ranges::any_of(bytes, [](std::byte b) { return b != std::byte{0}; });
        EXPECT_TRUE(some) << size;
    }
}
