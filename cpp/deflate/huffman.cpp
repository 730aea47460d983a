#include "deflate/huffman.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace ocilot::deflate {

namespace {

constexpr std::size_t most_symbols = 288;
constexpr unsigned longest = 15;

struct Leaf {
    std::uint32_t frequency;
    std::uint16_t symbol;
};

/// How many codes have each length, if no length had a limit; depths beyond 63 are counted there.
using Counts = std::array<std::uint32_t, 64>;

Counts depths(std::span<Leaf const> leaves) {
    // Leaves are sorted, and nodes are made in order of their weight: the two lightest are always in front.
    std::array<std::uint32_t, most_symbols> weight{};
    std::array<std::uint16_t, most_symbols> parent_of_leaf{};
    std::array<std::uint16_t, most_symbols> parent_of_node{};
    std::size_t leaf = 0;
    std::size_t node = 0;
    std::size_t const nodes = leaves.size() - 1;
    for (std::size_t made = 0; made < nodes; ++made) {
        for (int child = 0; child < 2; ++child) {
            bool const takes_leaf =
                leaf < leaves.size() && (node == made || leaves[leaf].frequency <= weight[node]);
            if (takes_leaf) {
                weight[made] += leaves[leaf].frequency;
                parent_of_leaf[leaf++] = static_cast<std::uint16_t>(made);
            } else {
                weight[made] += weight[node];
                parent_of_node[node++] = static_cast<std::uint16_t>(made);
            }
        }
    }
    std::array<std::uint8_t, most_symbols> depth{};
    for (std::size_t i = nodes - 1; i-- > 0;) {
        depth[i] = static_cast<std::uint8_t>(std::min(depth[parent_of_node[i]] + 1, 62));
    }
    Counts counts{};
    for (std::size_t i = 0; i < leaves.size(); ++i) ++counts[depth[parent_of_leaf[i]] + 1U];
    return counts;
}

/// Shortens the codes that are too long, and lengthens as few others as makes room for them.
void limit_lengths(Counts& counts, unsigned limit) {
    std::uint64_t used = 0;
    for (unsigned length = limit + 1; length < counts.size(); ++length) counts[limit] += counts[length];
    for (unsigned length = 1; length <= limit; ++length) {
        used += std::uint64_t{counts[length]} << (limit - length);
    }
    for (; used > std::uint64_t{1} << limit; --used) {
        --counts[limit];
        unsigned length = limit - 1;
        while (counts[length] == 0) --length;
        --counts[length];
        counts[length + 1] += 2;
    }
}

}  // namespace

void code_lengths(std::span<std::uint32_t const> frequencies, unsigned limit,
                  std::span<std::uint8_t> lengths) {
    std::array<Leaf, most_symbols> room{};
    std::size_t used = 0;
    for (std::size_t symbol = 0; symbol < frequencies.size(); ++symbol) {
        if (frequencies[symbol] > 0) room[used++] = {frequencies[symbol], static_cast<std::uint16_t>(symbol)};
    }
    for (std::uint16_t symbol = 0; used < 2; ++symbol) {
        if (frequencies[symbol] == 0) room[used++] = {1, symbol};
    }
    auto const leaves = std::span(room).first(used);
    std::ranges::sort(leaves, [](Leaf const& a, Leaf const& b) {
        return a.frequency != b.frequency ? a.frequency < b.frequency : a.symbol < b.symbol;
    });
    auto counts = depths(leaves);
    limit_lengths(counts, limit);
    std::ranges::fill(lengths, std::uint8_t{0});
    std::size_t next = 0;
    for (unsigned length = limit; length > 0; --length) {
        for (std::uint32_t i = 0; i < counts[length]; ++i) {
            lengths[leaves[next++].symbol] = static_cast<std::uint8_t>(length);
        }
    }
}

void canonical_codes(std::span<std::uint8_t const> lengths, std::span<std::uint16_t> codes) {
    std::array<std::uint32_t, longest + 2> next{};
    for (auto const length : lengths) ++next[length + 1U];
    next[1] = 0;  // Symbols without a code.
    for (unsigned length = 1; length <= longest; ++length)
        next[length + 1] = (next[length] + next[length + 1]) << 1;
    for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
        std::uint32_t code = lengths[symbol] == 0 ? 0 : next[lengths[symbol]]++;
        std::uint32_t reversed = 0;
        for (unsigned bit = 0; bit < lengths[symbol]; ++bit, code >>= 1)
            reversed = (reversed << 1) | (code & 1);
        codes[symbol] = static_cast<std::uint16_t>(reversed);
    }
}

}  // namespace ocilot::deflate
