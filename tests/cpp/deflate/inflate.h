#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// A slow decoder of deflate, written from RFC 1951 alone: it shares nothing with the encoder.
class Inflater {
  public:
    explicit Inflater(std::string_view data) : data_(data) {}

    std::string run() {
        bool last = false;
        while (!last) {
            last = bits(1) == 1;
            switch (bits(2)) {
                case 0:
                    stored();
                    break;
                case 1:
                    fixed();
                    break;
                case 2:
                    dynamic();
                    break;
                default:
                    throw std::runtime_error("invalid block type");
            }
        }
        return out_;
    }
    /// Bytes that were read.
    [[nodiscard]] std::size_t used() const { return (at_ + 7) / 8; }
    [[nodiscard]] int blocks_of(int type) const { return blocks_[static_cast<std::size_t>(type)]; }

  private:
    using Lengths = std::vector<unsigned>;

    unsigned bit() {
        if (at_ / 8 >= data_.size()) throw std::runtime_error("truncated");
        auto const value = (static_cast<unsigned char>(data_[at_ / 8]) >> (at_ % 8)) & 1U;
        ++at_;
        return value;
    }
    unsigned bits(unsigned count) {
        unsigned value = 0;
        for (unsigned i = 0; i < count; ++i) value |= bit() << i;
        return value;
    }
    /// Codes of one length are consecutive numbers, and shorter ones come first.
    unsigned symbol(Lengths const& lengths) {
        unsigned code = 0;
        unsigned first = 0;
        for (unsigned length = 1; length <= 15; ++length) {
            code = (code << 1) | bit();
            first <<= 1;
            unsigned count = 0;
            for (std::size_t i = 0; i < lengths.size(); ++i) {
                if (lengths[i] != length) continue;
                if (first + count == code) return static_cast<unsigned>(i);
                ++count;
            }
            first += count;
        }
        throw std::runtime_error("invalid code");
    }
    void stored() {
        ++blocks_[0];
        at_ = (at_ + 7) / 8 * 8;
        auto const size = bits(16);
        if (bits(16) != (size ^ 0xffff)) throw std::runtime_error("invalid stored block");
        for (unsigned i = 0; i < size; ++i) out_.push_back(static_cast<char>(bits(8)));
    }
    void fixed() {
        ++blocks_[1];
        Lengths literals(288, 8);
        for (std::size_t i = 144; i < 256; ++i) literals[i] = 9;
        for (std::size_t i = 256; i < 280; ++i) literals[i] = 7;
        body(literals, Lengths(30, 5));
    }
    void dynamic() {
        ++blocks_[2];
        auto const literals = bits(5) + 257;
        auto const distances = bits(5) + 1;
        auto const count = bits(4) + 4;
        constexpr std::array<std::uint8_t, 19> order = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                        11, 4,  12, 3, 13, 2, 14, 1, 15};
        Lengths of_lengths(19, 0);
        for (unsigned i = 0; i < count; ++i) of_lengths[order[i]] = bits(3);
        Lengths all;
        while (all.size() < literals + distances) {
            auto const found = symbol(of_lengths);
            if (found < 16) {
                all.push_back(found);
            } else if (found == 16) {
                all.insert(all.end(), 3 + bits(2), all.back());
            } else {
                all.insert(all.end(), found == 17 ? 3 + bits(3) : 11 + bits(7), 0);
            }
        }
        auto const middle = all.begin() + literals;
        body(Lengths(all.begin(), middle), Lengths(middle, all.end()));
    }
    void body(Lengths const& literals, Lengths const& distances) {
        for (;;) {
            auto const found = symbol(literals);
            if (found == 256) return;
            if (found < 256) {
                out_.push_back(static_cast<char>(found));
                continue;
            }
            auto const length = value(found - 257, 4, 3, found == 285);
            auto const distance = value(symbol(distances), 2, 1, false);
            if (distance > out_.size()) throw std::runtime_error("invalid distance");
            for (unsigned i = 0; i < length; ++i) out_.push_back(out_[out_.size() - distance]);
        }
    }
    /// Values grow by groups of `group` symbols, each group with one bit more.
    unsigned value(unsigned code, unsigned group, unsigned first, bool longest) {
        if (longest) return 258;
        unsigned base = first;
        unsigned extra = 0;
        for (unsigned i = 0; i <= code; ++i) {
            extra = i < 2 * group ? 0 : i / group - 1;
            if (i < code) base += 1U << extra;
        }
        return base + bits(extra);
    }

    std::string_view data_;
    std::size_t at_ = 0;  ///< In bits.
    std::string out_;
    std::array<int, 3> blocks_{};
};
