#pragma once

#include "deflate/bit_writer.h"
#include "deflate/block.h"
#include "deflate/match_finder.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace ocilot::deflate {

/// Writes deflate (RFC 1951). The output depends on the bytes and the level alone: not on the machine, nor on
/// the pieces in which the bytes come.
class Deflater {
  public:
    /// 1 (fast) to 9 (small); others count as the nearest.
    explicit Deflater(int level);

    /// Appends what is ready to `out`.
    void write(std::span<std::byte const> input, std::string& out);
    /// Appends the rest. Nothing is written afterwards.
    void finish(std::string& out);

  private:
    void fill(std::span<std::byte const>& input);
    /// Handles what is buffered: all of it at the end, else up to where a match could go beyond.
    void advance(bool all);
    void step(std::uint32_t available);
    void accept(Match match, std::uint32_t available);
    void make_room();
    void end_block(bool last);

    Effort effort_;
    MatchFinder finder_;
    Block block_;
    BitWriter bits_;
    std::unique_ptr<unsigned char[]> buffer_;
    std::int32_t end_ = 0;          ///< Bytes in the buffer.
    std::int32_t place_ = 0;        ///< The next to handle.
    std::int32_t block_start_ = 0;  ///< Where the block began; negative if that is no longer in the buffer.
    Match waiting_;                 ///< Match at the byte before, which the next may beat.
    bool literal_waits_ = false;    ///< The byte before is not written yet.
};

}  // namespace ocilot::deflate
