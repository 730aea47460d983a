#pragma once

#include "request.h"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace ocilot::load {

/// A fresh blob: its bytes and what they hash to.
struct Blob {
    std::string digest;  // sha256:...
    std::array<char, 16> stamp{};
};

/// Endless different blobs of one size. They share random bytes (a block of 8 MiB, repeated in larger ones:
/// longer than the window of gzip and of zstd's usual levels) and end with a stamp of their own. What they
/// share is hashed once, before the clock starts, so that a digest costs a microsecond whatever the size.
class Content {
  public:
    static constexpr std::uint64_t smallest = sizeof(Blob::stamp);

    /// Throws std::runtime_error when `size` < smallest. Blobs of different seeds differ.
    Content(std::uint64_t size, std::uint64_t seed);

    void next(Blob& blob);
    /// Refers to `blob` and to this.
    [[nodiscard]] Body body(Blob const& blob) const noexcept;
    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

  private:
    std::uint64_t size_;
    std::uint64_t seed_;
    std::uint64_t count_ = 0;
    std::string block_;
    std::shared_ptr<evp_md_ctx_st> shared_;  // has seen everything but the stamp
    std::shared_ptr<evp_md_ctx_st> own_;
};

}  // namespace ocilot::load
