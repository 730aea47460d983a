#pragma once

#include "base/result.h"
#include "jose/signing_algorithm.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct evp_pkey_st;

namespace ocilot::jose {

/// A key that signatures are verified with, bound to the algorithms of its type: RSA of 2048 to 8192 bits, EC
/// on P-256, P-384 or P-521, Ed25519. Cheap to copy; thread-safe.
class PublicKey {
  public:
    using Native = std::shared_ptr<evp_pkey_st>;

    /// From a JWK (RFC 7517, 7518 §6, 8037 §2): one JSON object. config if it is not a public signature key
    /// of a known type and sufficient size.
    static Result<PublicKey> from_jwk(std::string_view json);
    /// config if type, curve or size is not accepted.
    static Result<PublicKey> from_native(Native key);

    /// Whether tokens of this algorithm can be of this key.
    [[nodiscard]] bool takes(SigningAlgorithm algorithm) const noexcept;
    /// Whether `signature` is that of `text`, as JWS writes signatures (ECDSA as two numbers of fixed size).
    [[nodiscard]] bool verifies(SigningAlgorithm algorithm, std::string_view text,
                                std::string_view signature) const;

    /// The `kid` of the JWK it was made from, may be empty.
    [[nodiscard]] std::string const& id() const noexcept { return id_; }
    /// RFC 7638, SHA-256, base64url.
    [[nodiscard]] std::string const& thumbprint() const noexcept { return thumbprint_; }
    /// libtrust's, which distribution 2 has: `ABCD:EFGH:...`, 12 groups of base32.
    [[nodiscard]] std::string const& fingerprint() const noexcept { return fingerprint_; }
    /// `{"crv":...,"kty":...}` with nothing but the members of RFC 7638.
    [[nodiscard]] std::string const& jwk() const noexcept { return jwk_; }

  private:
    enum class Kind : std::uint8_t { rsa, p256, p384, p521, ed25519 };
    PublicKey() = default;

    Native key_;
    Kind kind_ = Kind::rsa;
    std::optional<SigningAlgorithm> only_;  // The `alg` of the JWK.
    std::string id_;
    std::string jwk_;
    std::string thumbprint_;
    std::string fingerprint_;
};

}  // namespace ocilot::jose
