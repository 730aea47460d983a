#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ocilot {

/// SipHash-1-3 (Aumasson and Bernstein, 2012) of a text under a key of its own. For tables whose keys others
/// choose: nobody outside can find texts that meet in one bucket, nor learn by time how much of a text was
/// right.
class TextHash {
  public:
    /// A key that nobody can guess.
    TextHash();
    TextHash(std::uint64_t key0, std::uint64_t key1) noexcept : key0_(key0), key1_(key1) {}

    [[nodiscard]] std::size_t operator()(std::string_view text) const noexcept;

  private:
    std::uint64_t key0_;
    std::uint64_t key1_;
};

}  // namespace ocilot
