#pragma once

#include "base/result.h"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace ocilot::oci {

/// The registered digest algorithms this registry verifies (image-spec, descriptor.md).
enum class Algorithm : std::uint8_t { sha256, sha512 };

/// "sha256" or "sha512".
[[nodiscard]] std::string_view to_string(Algorithm algorithm) noexcept;
/// Length of the hash in bytes: 32 or 64.
[[nodiscard]] std::size_t hash_size(Algorithm algorithm) noexcept;
/// digest_invalid, naming the supported algorithms, if `name` is none of them.
[[nodiscard]] Result<Algorithm> parse_algorithm(std::string_view name);

/// A content digest: algorithm and hash (image-spec, "Digests"). A value; 65 bytes, no allocation.
class Digest {
  public:
    /// `algorithm:encoded`, the hash in lower-case hex of exactly the algorithm's length.
    /// digest_invalid with the reason otherwise.
    static Result<Digest> parse(std::string_view text);
    /// `hash` has hash_size(algorithm) bytes.
    Digest(Algorithm algorithm, std::span<std::byte const> hash) noexcept;

    [[nodiscard]] Algorithm algorithm() const noexcept { return algorithm_; }
    [[nodiscard]] std::span<std::byte const> bytes() const noexcept;
    [[nodiscard]] std::string hex() const;
    /// `sha256:<64 hex>` or `sha512:<128 hex>`.
    [[nodiscard]] std::string str() const;

    friend auto operator<=>(Digest const&, Digest const&) = default;

  private:
    Algorithm algorithm_;
    std::array<std::byte, 64> hash_{};  // Bytes past hash_size() are zero.
};

}  // namespace ocilot::oci

template <>
struct std::hash<ocilot::oci::Digest> {
    std::size_t operator()(ocilot::oci::Digest const& digest) const noexcept;
};
