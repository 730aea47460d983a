#include "deflate/block_writer.h"

#include "deflate/huffman.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace ocilot::deflate {

namespace {

constexpr std::size_t fixed_symbols = 288;
constexpr std::size_t length_symbols = 19;
constexpr std::size_t stored_limit = 65'535;

/// Lengths of code lengths are written in this order (RFC 1951, 3.2.7).
constexpr std::array<std::uint8_t, length_symbols> order = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                            11, 4,  12, 3, 13, 2, 14, 1, 15};

struct Tables {
    std::array<std::uint8_t, fixed_symbols> literal_lengths{};
    std::array<std::uint16_t, fixed_symbols> literal_codes{};
    std::array<std::uint8_t, distance_symbols> distance_lengths{};
    std::array<std::uint16_t, distance_symbols> distance_codes{};

    void make_codes() {
        canonical_codes(literal_lengths, literal_codes);
        canonical_codes(distance_lengths, distance_codes);
    }
};

/// A run of code lengths: a symbol, and the value of the bits after it.
struct Run {
    std::uint8_t symbol;
    std::uint8_t extra;
};

constexpr unsigned extra_bits(std::uint8_t symbol) {
    return symbol == 16 ? 2 : symbol == 17 ? 3 : symbol == 18 ? 7 : 0;
}

/// What describes the codes of a block.
struct Description {
    std::size_t literals = 0;
    std::size_t distances = 0;
    std::array<Run, literal_symbols + distance_symbols> runs{};
    std::size_t run_count = 0;
    std::array<std::uint8_t, length_symbols> lengths{};
    std::size_t length_count = 0;
    std::uint64_t bits = 0;
};

void add_runs(Description& made, std::span<std::uint8_t const> lengths) {
    auto add = [&](std::uint8_t symbol, std::size_t extra) {
        made.runs[made.run_count++] = {symbol, static_cast<std::uint8_t>(extra)};
    };
    for (std::size_t at = 0; at < lengths.size();) {
        auto const value = lengths[at];
        std::size_t count = 1;
        while (at + count < lengths.size() && lengths[at + count] == value) ++count;
        at += count;
        if (value == 0) {
            for (; count >= 11; count -= std::min<std::size_t>(count, 138))
                add(18, std::min<std::size_t>(count, 138) - 11);
            if (count >= 3) {
                add(17, count - 3);
                count = 0;
            }
        } else {
            add(value, 0);
            for (--count; count >= 3; count -= std::min<std::size_t>(count, 6))
                add(16, std::min<std::size_t>(count, 6) - 3);
        }
        for (; count > 0; --count) add(value, 0);
    }
}

Description describe(Tables const& tables) {
    Description made;
    made.literals = literal_symbols;
    while (made.literals > first_length && tables.literal_lengths[made.literals - 1] == 0) --made.literals;
    made.distances = distance_symbols;
    while (made.distances > 1 && tables.distance_lengths[made.distances - 1] == 0) --made.distances;
    std::array<std::uint8_t, literal_symbols + distance_symbols> all{};
    std::copy_n(tables.literal_lengths.begin(), made.literals, all.begin());
    std::copy_n(tables.distance_lengths.begin(), made.distances,
                all.begin() + static_cast<std::ptrdiff_t>(made.literals));
    add_runs(made, std::span(all).first(made.literals + made.distances));

    std::array<std::uint32_t, length_symbols> frequencies{};
    auto const runs = std::span(made.runs).first(made.run_count);
    for (auto const run : runs) ++frequencies[run.symbol];
    code_lengths(frequencies, 7, made.lengths);
    made.length_count = length_symbols;
    while (made.length_count > 4 && made.lengths[order[made.length_count - 1]] == 0) --made.length_count;
    made.bits = 5 + 5 + 4 + 3 * made.length_count;
    for (auto const run : runs) made.bits += made.lengths[run.symbol] + extra_bits(run.symbol);
    return made;
}

std::uint64_t body_bits(Block const& block, Tables const& tables) {
    std::uint64_t bits = tables.literal_lengths[end_of_block];
    for (std::size_t symbol = 0; symbol < literal_symbols; ++symbol) {
        auto const extra = symbol < first_length ? 0U : codes.length_bits[symbol - first_length];
        bits += std::uint64_t{block.literals()[symbol]} * (tables.literal_lengths[symbol] + extra);
    }
    for (std::size_t symbol = 0; symbol < distance_symbols; ++symbol) {
        bits += std::uint64_t{block.distances()[symbol]} *
                (tables.distance_lengths[symbol] + codes.distance_bits[symbol]);
    }
    return bits;
}

Tables fixed_tables() {
    Tables tables;
    for (std::size_t symbol = 0; symbol < fixed_symbols; ++symbol) {
        tables.literal_lengths[symbol] = symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8;
    }
    tables.distance_lengths.fill(5);
    return tables;
}

Tables own_tables(Block const& block) {
    Tables tables;
    std::array<std::uint32_t, literal_symbols> literals{};
    std::ranges::copy(block.literals(), literals.begin());
    literals[end_of_block] = 1;
    code_lengths(literals, 15, std::span(tables.literal_lengths).first(literal_symbols));
    code_lengths(block.distances(), 15, tables.distance_lengths);
    return tables;
}

void write_description(BitWriter& out, Description const& made) {
    std::array<std::uint16_t, length_symbols> length_codes{};
    canonical_codes(made.lengths, length_codes);
    out.put(made.literals - first_length, 5);
    out.put(made.distances - 1, 5);
    out.put(made.length_count - 4, 4);
    for (auto const symbol : std::span(order).first(made.length_count)) out.put(made.lengths[symbol], 3);
    for (auto const run : std::span(made.runs).first(made.run_count)) {
        out.put(length_codes[run.symbol], made.lengths[run.symbol]);
        out.put(run.extra, extra_bits(run.symbol));
    }
}

void write_body(BitWriter& out, Block const& block, Tables& tables) {
    tables.make_codes();
    for (auto const symbol : block.symbols()) {
        if (symbol <= 0xff) {
            out.put(tables.literal_codes[symbol], tables.literal_lengths[symbol]);
            continue;
        }
        auto const length = symbol >> 16;
        auto const code = codes.length(length);
        out.put(tables.literal_codes[first_length + code], tables.literal_lengths[first_length + code]);
        out.put(length - codes.length_base[code], codes.length_bits[code]);
        auto const distance = symbol & 0xffff;
        auto const place = codes.distance(distance);
        out.put(tables.distance_codes[place], tables.distance_lengths[place]);
        out.put(distance - codes.distance_base[place], codes.distance_bits[place]);
    }
    out.put(tables.literal_codes[end_of_block], tables.literal_lengths[end_of_block]);
}

void write_stored(BitWriter& out, std::span<unsigned char const> input, bool last) {
    do {
        auto const part = input.first(std::min(input.size(), stored_limit));
        input = input.subspan(part.size());
        out.put(last && input.empty() ? 1 : 0, 3);
        out.align();
        out.put(part.size(), 16);
        out.put(part.size() ^ 0xffff, 16);
        out.append(part);
    } while (!input.empty());
}

}  // namespace

void write_block(BitWriter& out, Block const& block, std::span<unsigned char const> input, bool last) {
    auto own = own_tables(block);
    auto fixed = fixed_tables();
    auto const description = describe(own);
    auto const own_bits = description.bits + body_bits(block, own);
    auto const fixed_bits = body_bits(block, fixed);
    auto const parts = (input.size() + stored_limit - 1) / stored_limit;
    if (!input.empty() && 8 * input.size() + parts * (32 + 7) <= std::min(own_bits, fixed_bits)) {
        write_stored(out, input, last);
        return;
    }
    out.put(last ? 1 : 0, 1);
    if (fixed_bits <= own_bits) {
        out.put(1, 2);
        write_body(out, block, fixed);
    } else {
        out.put(2, 2);
        write_description(out, description);
        write_body(out, block, own);
    }
}

}  // namespace ocilot::deflate
