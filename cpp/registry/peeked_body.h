#pragma once

#include "registry/push_blob.h"

#include <array>
#include <cstddef>
#include <span>

namespace ocilot::registry {

/// A body of which one can ask whether there is anything in it before it is read.
class PeekedBody final : public ByteSource {
  public:
    explicit PeekedBody(ByteSource& body) noexcept : body_(body) {}

    /// Waits for the first bytes and keeps them for `read`; false if the body is empty.
    Task<Result<bool>> peek();
    Task<Result<std::size_t>> read(std::span<std::byte> out) override;

  private:
    ByteSource& body_;
    std::array<std::byte, 512> first_;
    std::span<std::byte const> left_;  // Of the first bytes.
};

}  // namespace ocilot::registry
