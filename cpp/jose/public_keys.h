#pragma once

#include "base/clock.h"
#include "jose/public_key.h"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct x509_store_st;

namespace ocilot::jose {

/// The keys that tokens of one issuer are verified with. Filled, then only read; reading is thread-safe.
class PublicKeys {
  public:
    PublicKeys() = default;

    /// Adds the keys of a JWKS (RFC 7517 §5) or one JWK. Keys that no signature is verified with here (other
    /// types, `use: enc`, too small) are passed over. config if it is unreadable, holds a shared secret
    /// (`kty: oct`) or a private key, or no key is left.
    Result<> add_jwks(std::string_view json);
    /// Adds the public keys and certificates of a PEM file. A certificate is a key and a root of the chains
    /// that tokens bring. config if there is none in it or one is unreadable.
    Result<> add_pem(std::string_view text);
    void add(PublicKey key) { keys_.push_back(std::move(key)); }

    [[nodiscard]] std::size_t size() const noexcept { return keys_.size(); }
    /// Why keys were passed over, for the log.
    [[nodiscard]] std::vector<std::string> const& passed_over() const noexcept { return passed_over_; }

    /// By the JWK's own kid, RFC 7638 thumbprint or libtrust fingerprint; null if there is none. Without a
    /// kid: the only key that takes the algorithm, else null.
    [[nodiscard]] PublicKey const* find(std::string_view kid, SigningAlgorithm algorithm) const noexcept;
    /// The very same key as that of a JWK, null if it is none of these.
    [[nodiscard]] PublicKey const* find_same(std::string_view jwk) const;
    /// The key of the first certificate of a chain (`x5c`, DER each, RFC 7515 §4.1.6) that leads to a root
    /// and is valid at `now`. unauthorized with the reason if it does not.
    [[nodiscard]] Result<PublicKey> find_by_chain(std::span<std::string const> chain, Time now) const;

  private:
    void take(Result<PublicKey> key, int number);
    Result<> add_certificate(std::string_view der, int number);

    std::vector<PublicKey> keys_;
    std::vector<std::string> passed_over_;
    std::shared_ptr<x509_store_st> roots_;  // Null without certificates.
};

}  // namespace ocilot::jose
