#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ocilot::jose {

/// Base64 for URLs, without padding (RFC 4648 §5, RFC 7515 §2).
[[nodiscard]] std::string to_base64url(std::string_view bytes);
/// Strict: nullopt for padding, white space, any other character, a length that cannot be, or bits after the
/// last byte that are not zero, so that equal bytes have one text.
[[nodiscard]] std::optional<std::string> from_base64url(std::string_view text);

/// Base64 as Basic credentials and x5c certificates have it (RFC 4648 §4): equally strict, padded.
[[nodiscard]] std::string to_base64(std::string_view bytes);
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace ocilot::jose
