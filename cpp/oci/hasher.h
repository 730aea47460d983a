#pragma once

#include "oci/digest.h"

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace ocilot::oci {

/// A hash that is fed while bytes arrive.
class Hasher {
  public:
    explicit Hasher(Algorithm algorithm);
    ~Hasher();
    Hasher(Hasher const& other);
    Hasher& operator=(Hasher const&) = delete;
    Hasher(Hasher&&) noexcept;
    Hasher& operator=(Hasher&&) noexcept;

    void update(std::span<std::byte const> bytes);
    /// Digest of what was fed so far; feeding may go on afterwards.
    [[nodiscard]] Digest digest() const;
    [[nodiscard]] Algorithm algorithm() const noexcept { return algorithm_; }

  private:
    struct State;
    Algorithm algorithm_;
    std::unique_ptr<State> state_;
};

[[nodiscard]] Digest digest_of(Algorithm algorithm, std::span<std::byte const> bytes);
[[nodiscard]] Digest digest_of(Algorithm algorithm, std::string_view bytes);

}  // namespace ocilot::oci
