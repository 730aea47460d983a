#pragma once

#include "base/result.h"
#include "oci/digest.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace ocilot::oci {

/// A hash that is fed while bytes arrive. A plain value: copying it costs its 224 bytes, no allocation.
class Hasher {
  public:
    /// Bytes of the longest exported state.
    static constexpr std::size_t max_state = 201;

    explicit Hasher(Algorithm algorithm);

    /// The hasher that `export_state` described. io for bytes that no such hasher can have exported: those of
    /// another algorithm, another version of the format, or of a wrong length.
    static Result<Hasher> from_state(Algorithm algorithm, std::string_view state);
    /// Everything needed to go on elsewhere: version, algorithm, the chaining value, the number of bytes fed
    /// and the last of them that fill no block. Big-endian, the same on every machine.
    [[nodiscard]] std::string export_state() const;

    void update(std::span<std::byte const> bytes);
    /// Digest of what was fed so far; feeding may go on afterwards.
    [[nodiscard]] Digest digest() const;
    [[nodiscard]] Algorithm algorithm() const noexcept { return algorithm_; }
    /// Bytes fed so far.
    [[nodiscard]] std::uint64_t size() const noexcept;

  private:
    template <class Context>
    [[nodiscard]] Context& as() noexcept;
    template <class Context>
    [[nodiscard]] Context const& as() const noexcept;

    Algorithm algorithm_;
    alignas(8) std::array<std::byte, 216> context_;  ///< OpenSSL's context of the algorithm.
};

[[nodiscard]] Digest digest_of(Algorithm algorithm, std::span<std::byte const> bytes);
[[nodiscard]] Digest digest_of(Algorithm algorithm, std::string_view bytes);

}  // namespace ocilot::oci
