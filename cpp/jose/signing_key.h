#pragma once

#include "base/result.h"
#include "jose/public_key.h"

#include <memory>
#include <string>
#include <string_view>

struct evp_pkey_st;

namespace ocilot::jose {

/// A P-256 key of the token server, which signs with ES256. Cheap to copy; thread-safe.
class SigningKey {
  public:
    /// A new key. internal if OpenSSL cannot make one.
    static Result<SigningKey> make();
    /// As `pem()` wrote it; config if it is not a private P-256 key.
    static Result<SigningKey> from_pem(std::string_view text);

    /// PKCS #8, not encrypted.
    [[nodiscard]] Result<std::string> pem() const;
    /// `kid`: the RFC 7638 thumbprint.
    [[nodiscard]] std::string const& id() const noexcept { return public_.thumbprint(); }
    [[nodiscard]] PublicKey const& public_key() const noexcept { return public_; }
    /// One member of the list `keys` of a JWKS: `{"alg":"ES256","crv":"P-256","kid":...,"use":"sig",...}`.
    [[nodiscard]] std::string public_jwk() const;
    /// A compact JWS `{"alg":"ES256","kid":...,"typ":"JWT"}` of claims, a JSON object, taken as they are.
    [[nodiscard]] Result<std::string> sign(std::string_view claims_json) const;

  private:
    SigningKey(std::shared_ptr<evp_pkey_st> key, PublicKey verifier)
        : key_(std::move(key)), public_(std::move(verifier)) {}

    std::shared_ptr<evp_pkey_st> key_;
    PublicKey public_;
};

}  // namespace ocilot::jose
