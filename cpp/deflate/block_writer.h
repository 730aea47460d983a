#pragma once

#include "deflate/bit_writer.h"
#include "deflate/block.h"

#include <span>

namespace ocilot::deflate {

/// Writes a block in the shortest of the three forms: stored, with the fixed codes, or with codes of its own.
/// `input`: the bytes that the block stands for; empty if they are not at hand, then it is not stored.
void write_block(BitWriter& out, Block const& block, std::span<unsigned char const> input, bool last);

}  // namespace ocilot::deflate
