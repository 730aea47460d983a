#pragma once

#include "jose/base64url.h"
#include "jose/public_key.h"

#include <memory>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdexcept>
#include <string>

namespace ocilot::test {

/// A private key that signs whatever a token server, or somebody who would like to be one, may sign.
class TestKey {
  public:
    static TestKey fresh_rsa(unsigned bits = 2048) { return TestKey(EVP_RSA_gen(bits)); }
    /// Always the same one: it takes a while to make.
    static TestKey rsa() {
        static TestKey const key = fresh_rsa();
        return key;
    }
    static TestKey ec(char const* curve = "P-256") { return TestKey(EVP_EC_gen(curve)); }
    static TestKey ed25519() { return TestKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")); }

    [[nodiscard]] EVP_PKEY* native() const { return key_.get(); }
    [[nodiscard]] jose::PublicKey public_key() const { return jose::PublicKey::from_native(key_).value(); }
    /// Public, with the members of `more`, such as `"kid":"a",`, before the others.
    [[nodiscard]] std::string jwk(std::string const& more = {}) const {
        return "{" + more + public_key().jwk().substr(1);
    }
    [[nodiscard]] std::string jwks(std::string const& more = {}) const {
        return R"({"keys":[)" + jwk(more) + "]}";
    }
    [[nodiscard]] std::string public_pem() const {
        std::unique_ptr<BIO, decltype(&BIO_free)> const bio(BIO_new(BIO_s_mem()), &BIO_free);
        require(PEM_write_bio_PUBKEY(bio.get(), key_.get()));
        char* text = nullptr;
        auto const size = BIO_get_mem_data(bio.get(), &text);
        return {text, static_cast<std::size_t>(size)};
    }

    /// A compact JWS. RSA-PSS if `alg` begins so; ECDSA as two numbers, or as `der`.
    [[nodiscard]] std::string token(std::string const& header, std::string const& claims,
                                    std::string const& alg = "ES256", bool der = false) const {
        auto const text = jose::to_base64url(header) + "." + jose::to_base64url(claims);
        auto signature = sign(text, alg);
        if (alg.starts_with("ES") && !der) signature = raw(signature, alg);
        return text + "." + jose::to_base64url(signature);
    }

  private:
    explicit TestKey(EVP_PKEY* key) : key_(key, &EVP_PKEY_free) { require(key != nullptr); }
    static void require(int succeeded) {
        if (succeeded != 1) throw std::runtime_error("OpenSSL cannot make what a test needs");
    }

    [[nodiscard]] std::string sign(std::string const& text, std::string const& alg) const {
        std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> const context(EVP_MD_CTX_new(),
                                                                              &EVP_MD_CTX_free);
        auto const hash = alg == "EdDSA" ? std::string() : "SHA" + alg.substr(2);
        EVP_PKEY_CTX* parameters = nullptr;
        require(EVP_DigestSignInit_ex(context.get(), &parameters, hash.empty() ? nullptr : hash.c_str(),
                                      nullptr, nullptr, key_.get(), nullptr));
        if (alg.starts_with("PS")) {
            require(EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING));
            require(EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST));
        }
        auto const* const bytes = reinterpret_cast<unsigned char const*>(text.data());
        std::size_t size = 0;
        require(EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()));
        std::string signature(size, '\0');
        require(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                               bytes, text.size()));
        signature.resize(size);
        return signature;
    }
    static std::string raw(std::string const& der, std::string const& alg) {
        int const size = alg == "ES256" ? 32 : alg == "ES384" ? 48 : 66;
        auto const* begin = reinterpret_cast<unsigned char const*>(der.data());
        std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> const signature(
            d2i_ECDSA_SIG(nullptr, &begin, static_cast<long>(der.size())), &ECDSA_SIG_free);
        std::string out(2 * static_cast<std::size_t>(size), '\0');
        auto* const to = reinterpret_cast<unsigned char*>(out.data());
        BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), to, size);
        BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), to + size, size);
        return out;
    }

    std::shared_ptr<EVP_PKEY> key_;
};

/// A compact JWS signed with a shared secret.
inline std::string hs256_token(std::string const& secret, std::string const& header,
                               std::string const& claims) {
    auto const text = jose::to_base64url(header) + "." + jose::to_base64url(claims);
    std::string mac(32, '\0');
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<unsigned char const*>(text.data()), text.size(),
         reinterpret_cast<unsigned char*>(mac.data()), nullptr);
    return text + "." + jose::to_base64url(mac);
}

}  // namespace ocilot::test
