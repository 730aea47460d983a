#pragma once

#include "base/random.h"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ocilot::auth {

/// Hands texts to clients that they can only give back: encrypted and authenticated with a key that only this
/// object has (AES-256-GCM). Thread-safe.
class Sealer {
  public:
    explicit Sealer(Random& random) : random_(random) { random.fill(key_); }

    /// `~` and base64url.
    [[nodiscard]] std::string seal(std::string_view text) const;
    /// nullopt for what this object has not sealed.
    [[nodiscard]] std::optional<std::string> open(std::string_view sealed) const;
    [[nodiscard]] static bool is_sealed(std::string_view text) noexcept { return text.starts_with('~'); }

  private:
    Random& random_;
    std::array<std::byte, 32> key_{};
};

}  // namespace ocilot::auth
