#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace ocilot::deflate {

/// CRC-32 of gzip (RFC 1952, 8) of bytes after others: `crc` is that of those before, 0 at the start.
[[nodiscard]] std::uint32_t crc32(std::uint32_t crc, std::span<std::byte const> bytes) noexcept;

}  // namespace ocilot::deflate
