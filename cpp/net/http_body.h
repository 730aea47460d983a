#pragma once

#include "base/result.h"
#include "base/task.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace ocilot::net {

/// The body of a request to be sent or of a response that arrives: bytes that are read when there is room for
/// them. Used by one Task at a time, on the I/O context where it was made.
class HttpBody {
  public:
    virtual ~HttpBody() = default;

    /// Reads at least one byte into `out`, which is not empty, or 0 at the end of the body. After an error
    /// there is nothing more to read.
    virtual Task<Result<std::size_t>> read(std::span<std::byte> out) = 0;

    /// Bytes of the whole body, if they are known before its end.
    [[nodiscard]] virtual std::optional<std::uint64_t> length() const noexcept = 0;
};

}  // namespace ocilot::net
