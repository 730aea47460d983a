#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace ocilot::deflate {

/// Appends bits to a text, the lowest bit of each byte first (RFC 1951, 3.1.1).
class BitWriter {
  public:
    /// Where whole bytes are appended; it outlives the next calls.
    void append_to(std::string& out) noexcept { out_ = &out; }

    /// At most 32 bits.
    void put(std::uint64_t bits, unsigned count) {
        held_ |= bits << held_count_;
        held_count_ += count;
        if (held_count_ >= 32) {
            char const bytes[] = {static_cast<char>(held_), static_cast<char>(held_ >> 8),
                                  static_cast<char>(held_ >> 16), static_cast<char>(held_ >> 24)};
            out_->append(bytes, sizeof(bytes));
            held_ >>= 32;
            held_count_ -= 32;
        }
    }

    /// Zeros up to the next byte; all is written then.
    void align() {
        for (; held_count_ > 0; held_count_ -= held_count_ < 8 ? held_count_ : 8) {
            out_->push_back(static_cast<char>(held_));
            held_ >>= 8;
        }
    }

    /// Whole bytes, after `align` or 32 bits.
    void append(std::span<unsigned char const> bytes) {
        out_->append(reinterpret_cast<char const*>(bytes.data()), bytes.size());
    }

  private:
    std::string* out_ = nullptr;
    std::uint64_t held_ = 0;
    unsigned held_count_ = 0;  ///< Below 32 between the calls.
};

}  // namespace ocilot::deflate
