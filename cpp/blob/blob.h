#pragma once

#include "base/result.h"
#include "base/task.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace ocilot::blob {

/// An open blob. Stays readable while it is held, even if the blob is removed meanwhile.
class Blob {
  public:
    virtual ~Blob() = default;
    /// Bytes.
    [[nodiscard]] virtual std::uint64_t size() const noexcept = 0;
    /// A descriptor for sendfile(2), owned by this; -1 if the store has none and `read` must be used.
    [[nodiscard]] virtual int fd() const noexcept = 0;
    /// Reads at `offset` into `out`; fewer bytes than asked only at the end. io on failure.
    virtual Task<Result<std::size_t>> read(std::uint64_t offset, std::span<std::byte> out) = 0;
    /// Fills `out` from `offset`, if all those bytes are in memory and no wait is needed.
    [[nodiscard]] virtual bool read_at_once(std::uint64_t offset, std::span<std::byte> out) = 0;
    /// Returns when bytes [offset, offset + length) can be sent from `fd()` without waiting for the disk.
    /// Best effort: what fails here fails again where it is sent.
    virtual Task<> load(std::uint64_t offset, std::uint64_t length) = 0;
};

}  // namespace ocilot::blob
