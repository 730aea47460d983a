#include "deflate/crc32.h"

#include "deflate/bytes.h"

#include <array>

namespace ocilot::deflate {

namespace {

constexpr std::size_t slices = 8;
constexpr std::uint32_t polynomial = 0xedb88320;

using Tables = std::array<std::array<std::uint32_t, 256>, slices>;

constexpr Tables make_tables() {
    Tables tables{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t crc = byte;
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? polynomial : 0);
        tables[0][byte] = crc;
    }
    for (std::size_t slice = 1; slice < slices; ++slice) {
        for (std::size_t byte = 0; byte < 256; ++byte) {
            auto const before = tables[slice - 1][byte];
            tables[slice][byte] = (before >> 8) ^ tables[0][before & 0xff];
        }
    }
    return tables;
}

constexpr Tables tables = make_tables();

}  // namespace

std::uint32_t crc32(std::uint32_t crc, std::span<std::byte const> bytes) noexcept {
    auto const* at = reinterpret_cast<unsigned char const*>(bytes.data());
    auto left = bytes.size();
    crc = ~crc;
    for (; left >= slices; at += slices, left -= slices) {
        auto const low = load32(at) ^ crc;
        auto const high = load32(at + 4);
        crc = tables[7][low & 0xff] ^ tables[6][(low >> 8) & 0xff] ^ tables[5][(low >> 16) & 0xff] ^
              tables[4][low >> 24] ^ tables[3][high & 0xff] ^ tables[2][(high >> 8) & 0xff] ^
              tables[1][(high >> 16) & 0xff] ^ tables[0][high >> 24];
    }
    for (; left > 0; ++at, --left) crc = (crc >> 8) ^ tables[0][(crc ^ *at) & 0xff];
    return ~crc;
}

}  // namespace ocilot::deflate
