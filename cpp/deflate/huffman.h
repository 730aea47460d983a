#pragma once

#include <cstdint>
#include <span>

namespace ocilot::deflate {

/// Lengths of the codes that suit the frequencies best, none longer than `limit` bits; 0 for symbols that do
/// not occur. At least two symbols get a code: some decoders refuse less. Equal frequencies, equal lengths.
void code_lengths(std::span<std::uint32_t const> frequencies, unsigned limit,
                  std::span<std::uint8_t> lengths);

/// The codes of these lengths (RFC 1951, 3.2.2), their first bit the lowest, as they are written.
void canonical_codes(std::span<std::uint8_t const> lengths, std::span<std::uint16_t> codes);

}  // namespace ocilot::deflate
