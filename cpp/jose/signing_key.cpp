#include "jose/signing_key.h"

#include "jose/base64url.h"
#include "jose/owned.h"

#include <fmt/format.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

namespace ocilot::jose {

namespace {

constexpr int number_size = 32;  // Bytes of each of the two numbers of a signature.

Error failed(Errc code, std::string why) {
    ERR_clear_error();
    return {code, std::move(why)};
}

/// The two numbers of a signature one after the other, as JWS has them (RFC 7518 §3.4).
Result<std::string> to_raw(std::string_view der) {
    auto const* begin = reinterpret_cast<unsigned char const*>(der.data());
    Owned<ECDSA_SIG> const signature(d2i_ECDSA_SIG(nullptr, &begin, static_cast<long>(der.size())));
    std::string raw(2 * static_cast<std::size_t>(number_size), '\0');
    auto* const out = reinterpret_cast<unsigned char*>(raw.data());
    if (signature == nullptr ||
        BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out, number_size) != number_size ||
        BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out + number_size, number_size) != number_size)
        return failed(Errc::internal, "OpenSSL made a signature that cannot be read");
    return raw;
}

/// No pass phrase: without this OpenSSL would ask for one on the terminal.
int no_pass_phrase(char*, int, int, void*) {
    return -1;
}

}  // namespace

Result<SigningKey> SigningKey::make() {
    std::shared_ptr<EVP_PKEY> key(EVP_EC_gen("P-256"), Free());
    if (!key) return failed(Errc::internal, "OpenSSL cannot create a P-256 key");
    TRY(auto verifier, PublicKey::from_native(key));
    return SigningKey(std::move(key), std::move(verifier));
}

Result<SigningKey> SigningKey::from_pem(std::string_view text) {
    Owned<BIO> const bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    std::shared_ptr<EVP_PKEY> key(
        bio == nullptr ? nullptr : PEM_read_bio_PrivateKey(bio.get(), nullptr, no_pass_phrase, nullptr),
        Free());
    if (!key) return failed(Errc::config, "cannot read the signing key: expected a private key in PEM form");
    TRY(auto verifier, PublicKey::from_native(key));
    if (!verifier.takes(SigningAlgorithm::es256))
        return failed(Errc::config, "the signing key is not on curve P-256: create a new one");
    return SigningKey(std::move(key), std::move(verifier));
}

Result<std::string> SigningKey::pem() const {
    Owned<BIO> const bio(BIO_new(BIO_s_secmem()));
    if (bio == nullptr ||
        PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
        return failed(Errc::internal, "OpenSSL cannot write the signing key");
    char* text = nullptr;
    auto const size = BIO_get_mem_data(bio.get(), &text);
    return std::string(text, static_cast<std::size_t>(size));
}

std::string SigningKey::public_jwk() const {
    auto const& jwk = public_.jwk();
    return fmt::format(R"({{"alg":"ES256","kid":"{}","use":"sig",{})", id(), std::string_view(jwk).substr(1));
}

Result<std::string> SigningKey::sign(std::string_view claims_json) const {
    auto token = to_base64url(fmt::format(R"({{"alg":"ES256","kid":"{}","typ":"JWT"}})", id()));
    token += '.';
    token += to_base64url(claims_json);
    Owned<EVP_MD_CTX> const context(EVP_MD_CTX_new());
    auto const* const text = reinterpret_cast<unsigned char const*>(token.data());
    std::string der(128, '\0');
    std::size_t size = der.size();
    if (context == nullptr ||
        EVP_DigestSignInit_ex(context.get(), nullptr, "SHA256", nullptr, nullptr, key_.get(), nullptr) != 1 ||
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(der.data()), &size, text,
                       token.size()) != 1)
        return failed(Errc::internal, "OpenSSL cannot sign a token");
    TRY(auto const raw, to_raw(std::string_view(der).substr(0, size)));
    token += '.';
    token += to_base64url(raw);
    return token;
}

}  // namespace ocilot::jose
