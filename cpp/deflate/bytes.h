#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ocilot::deflate {

/// Little-endian on every machine, so that hashes are the same; one load where the machine is.
[[nodiscard]] inline std::uint32_t load32(unsigned char const* at) noexcept {
    return std::uint32_t{at[0]} | (std::uint32_t{at[1]} << 8) | (std::uint32_t{at[2]} << 16) |
           (std::uint32_t{at[3]} << 24);
}

/// How many bytes are equal, at most `most`. Reads up to 7 bytes beyond.
[[nodiscard]] inline std::uint32_t equal_bytes(unsigned char const* a, unsigned char const* b,
                                               std::uint32_t most) noexcept {
    for (std::uint32_t done = 0; done < most; done += 8) {
        std::uint64_t x;
        std::uint64_t y;
        std::memcpy(&x, a + done, 8);
        std::memcpy(&y, b + done, 8);
        if (auto const different = x ^ y; different != 0) {
            auto const bits = std::endian::native == std::endian::little ? std::countr_zero(different)
                                                                         : std::countl_zero(different);
            auto const found = done + static_cast<std::uint32_t>(bits) / 8;
            return found < most ? found : most;
        }
    }
    return most;
}

}  // namespace ocilot::deflate
