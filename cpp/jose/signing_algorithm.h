#pragma once

#include "base/result.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::jose {

/// How a token is signed (RFC 7518 §3.1, RFC 8037). There is no `none` and no HS*: a shared secret cannot be
/// taken for a public key where it cannot be named.
enum class SigningAlgorithm : std::uint8_t {
    rs256,
    rs384,
    rs512,
    ps256,
    ps384,
    ps512,
    es256,
    es384,
    es512,
    eddsa,
};

/// `RS256`, ..., `EdDSA`.
[[nodiscard]] std::string_view to_string(SigningAlgorithm algorithm) noexcept;
/// nullopt for any other word, `none` and `HS256` included. Case matters.
[[nodiscard]] std::optional<SigningAlgorithm> parse_signing_algorithm(std::string_view name) noexcept;
/// All of them.
[[nodiscard]] std::span<SigningAlgorithm const> signing_algorithms() noexcept;

/// The words of `auth.token.signingalgorithms`, all algorithms for an empty list; config for an unknown one,
/// and for HS*, with the reason.
[[nodiscard]] Result<std::vector<SigningAlgorithm>> allowed_algorithms(std::span<std::string const> names);

}  // namespace ocilot::jose
