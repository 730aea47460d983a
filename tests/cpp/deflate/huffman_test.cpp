#include "deflate/huffman.h"

#include <array>
#include <cstdint>
#include <gtest/gtest.h>
#include <vector>

using namespace ocilot::deflate;

namespace {

std::vector<std::uint8_t> lengths_of(std::vector<std::uint32_t> const& frequencies, unsigned limit) {
    std::vector<std::uint8_t> lengths(frequencies.size());
    code_lengths(frequencies, limit, lengths);
    return lengths;
}

/// Parts of the code space that are used, of 2^limit.
std::uint64_t space(std::vector<std::uint8_t> const& lengths, unsigned limit) {
    std::uint64_t used = 0;
    for (auto const length : lengths) used += length == 0 ? 0 : std::uint64_t{1} << (limit - length);
    return used;
}

}  // namespace

TEST(CodeLengths, AreShorterForWhatOccursMoreOften) {
    EXPECT_EQ(lengths_of({8, 4, 2, 1, 1}, 15), (std::vector<std::uint8_t>{1, 2, 3, 4, 4}));
    EXPECT_EQ(lengths_of({1, 1, 1, 1}, 15), (std::vector<std::uint8_t>{2, 2, 2, 2}));
}

TEST(CodeLengths, KeepTheLimitAndFillTheCodeSpace) {
    // Fibonacci numbers make the longest codes.
    std::vector<std::uint32_t> frequencies = {1, 1};
    while (frequencies.size() < 30) {
        frequencies.push_back(frequencies[frequencies.size() - 1] + frequencies[frequencies.size() - 2]);
    }
    for (unsigned const limit : {5U, 7U, 15U}) {
        auto const lengths = lengths_of(frequencies, limit);
        for (auto const length : lengths) EXPECT_LE(length, limit);
        EXPECT_EQ(space(lengths, limit), std::uint64_t{1} << limit);
    }
}

TEST(CodeLengths, GiveAtLeastTwoSymbolsACode) {
    EXPECT_EQ(lengths_of({0, 0, 0}, 15), (std::vector<std::uint8_t>{1, 1, 0}));
    EXPECT_EQ(lengths_of({0, 0, 9}, 15), (std::vector<std::uint8_t>{1, 0, 1}));
    EXPECT_EQ(lengths_of({9, 0, 0}, 15), (std::vector<std::uint8_t>{1, 1, 0}));
}

TEST(CanonicalCodes, AreThoseOfTheStandardsExampleWithTheirBitsReversed) {
    std::array<std::uint8_t, 8> const lengths = {3, 3, 3, 3, 3, 2, 4, 4};
    std::array<std::uint16_t, 8> codes{};
    canonical_codes(lengths, codes);
    EXPECT_EQ(codes, (std::array<std::uint16_t, 8>{0b010, 0b110, 0b001, 0b101, 0b011, 0b00, 0b0111, 0b1111}));
}
