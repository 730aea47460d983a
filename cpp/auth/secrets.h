#pragma once

#include "base/random.h"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ocilot::auth {

/// SHA-256 in lower-case hexadecimal digits.
[[nodiscard]] std::string sha256_hex(std::string_view text);

/// Whether two texts are equal, in a time that does not tell where they differ.
[[nodiscard]] bool equal_secrets(std::string_view a, std::string_view b) noexcept;

/// HMAC-SHA-256 with a key that only this object has: what is remembered under it tells nothing about what it
/// was made of, not even to whoever reads this process's memory later without the key.
class KeyedHash {
  public:
    explicit KeyedHash(Random& random) { random.fill(key_); }
    /// 32 bytes. Two texts joined so that no other two give the same.
    [[nodiscard]] std::string operator()(std::string_view first, std::string_view second) const;

  private:
    std::array<std::byte, 32> key_{};
};

/// The text of a secret that stands for an account: `ocilot_<id>_<43 characters of base64url>`.
struct SecretText {
    std::string id;    ///< public
    std::string text;  ///< shown once; only its SHA-256 is kept
};
[[nodiscard]] SecretText make_secret(Random& random);
/// The id in a text of that form; nullopt for any other, a password for example.
[[nodiscard]] std::optional<std::string> secret_id(std::string_view text);

}  // namespace ocilot::auth
