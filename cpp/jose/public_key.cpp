#include "jose/public_key.h"

#include "base/counted.h"
#include "jose/base64url.h"
#include "jose/owned.h"
#include "jose/unusable_key.h"

#include <array>
#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

namespace ocilot::jose {

namespace {

constexpr int smallest_rsa = 2048;  // bits
constexpr int largest_rsa = 8192;   // A signature of a larger one costs too much to verify.
constexpr std::size_t fingerprint_bytes = 30;

using Number = Owned<BIGNUM>;

Error incomplete() {
    return unusable_key("OpenSSL cannot read the parameters of the key");
}

/// A number of the key, base64url, at least `size` bytes with zeros before it; empty if there is none.
std::string number_of(EVP_PKEY const* key, char const* name, int size) {
    BIGNUM* raw = nullptr;
    if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) return {};
    Number const number(raw);
    std::string bytes(static_cast<std::size_t>(std::max(size, BN_num_bytes(raw))), '\0');
    BN_bn2binpad(raw, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    return to_base64url(bytes);
}

std::string sha256(std::string_view bytes) {
    std::string hash(32, '\0');
    EVP_Q_digest(nullptr, "SHA256", nullptr, bytes.data(), bytes.size(),
                 reinterpret_cast<unsigned char*>(hash.data()), nullptr);
    return hash;
}

/// libtrust: base32 of the first 240 bits of the hash of the SubjectPublicKeyInfo, in groups of four.
std::string libtrust_fingerprint(std::string_view spki) {
    static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    auto const hash = sha256(spki).substr(0, fingerprint_bytes);
    std::string out;
    unsigned held = 0;
    unsigned bits = 0;
    std::size_t count = 0;
    for (char const c : hash) {
        held = (held << 8 | static_cast<unsigned char>(c)) & 0xffff;
        for (bits += 8; bits >= 5;) {
            bits -= 5;
            if (count > 0 && count % 4 == 0) out += ':';
            out += digits[held >> bits & 31];
            ++count;
        }
    }
    return out;
}

std::string spki_of(EVP_PKEY const* key) {
    unsigned char* der = nullptr;
    int const size = i2d_PUBKEY(key, &der);
    if (size <= 0) return {};
    std::string out(reinterpret_cast<char const*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return out;
}

/// The members of RFC 7638 of an RSA key.
Result<std::string> rsa_jwk(EVP_PKEY const* key) {
    int const bits = EVP_PKEY_get_bits(key);
    if (bits < smallest_rsa || bits > largest_rsa)
        return unusable_key(fmt::format("RSA key of {} not accepted: expected {} to {}",
                                        counted(static_cast<unsigned>(bits), "bit", "bits"), smallest_rsa,
                                        largest_rsa));
    BIGNUM* raw = nullptr;
    if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &raw) != 1) return incomplete();
    Number const exponent(raw);
    // With 1 everybody can sign.
    if (BN_is_one(raw) != 0 || BN_is_odd(raw) == 0 || BN_num_bits(raw) > 64)
        return unusable_key("RSA exponent not accepted: expected 65537");
    auto const n = number_of(key, OSSL_PKEY_PARAM_RSA_N, 0);
    auto const e = number_of(key, OSSL_PKEY_PARAM_RSA_E, 0);
    if (n.empty() || e.empty()) return incomplete();
    return fmt::format(R"({{"e":"{}","kty":"RSA","n":"{}"}})", e, n);
}

struct Curve {
    std::string_view openssl;
    std::string_view jwk;
    int size;  // Bytes of a coordinate.
};
constexpr std::array curves{Curve{"prime256v1", "P-256", 32}, Curve{"secp384r1", "P-384", 48},
                            Curve{"secp521r1", "P-521", 66}};

Curve const* curve_of(EVP_PKEY const* key) {
    std::array<char, 64> name{};
    std::size_t size = 0;
    if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, name.data(), name.size(), &size) != 1)
        return nullptr;
    for (auto const& curve : curves) {
        if (curve.openssl == std::string_view(name.data(), size)) return &curve;
    }
    return nullptr;
}

Result<std::string> ec_jwk(EVP_PKEY const* key, Curve const& curve) {
    auto const x = number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, curve.size);
    auto const y = number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, curve.size);
    if (x.empty() || y.empty()) return incomplete();
    return fmt::format(R"({{"crv":"{}","kty":"EC","x":"{}","y":"{}"}})", curve.jwk, x, y);
}

Result<std::string> ed25519_jwk(EVP_PKEY const* key) {
    std::string raw(32, '\0');
    std::size_t size = raw.size();
    if (EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(raw.data()), &size) != 1)
        return incomplete();
    return fmt::format(R"({{"crv":"Ed25519","kty":"OKP","x":"{}"}})", to_base64url(raw));
}

}  // namespace

Result<PublicKey> PublicKey::from_native(Native native) {
    PublicKey key;
    auto const* const pkey = native.get();
    auto jwk = Result<std::string>(Error{
        Errc::config, "type or curve not accepted: expected RSA, EC on P-256, P-384 or P-521, or Ed25519"});
    switch (EVP_PKEY_get_base_id(pkey)) {
        case EVP_PKEY_RSA:
            jwk = rsa_jwk(pkey);
            break;
        case EVP_PKEY_EC:
            if (auto const* const curve = curve_of(pkey); curve != nullptr) {
                jwk = ec_jwk(pkey, *curve);
                key.kind_ = static_cast<Kind>(static_cast<int>(Kind::p256) + (curve - curves.data()));
            }
            break;
        case EVP_PKEY_ED25519:
            jwk = ed25519_jwk(pkey);
            key.kind_ = Kind::ed25519;
            break;
        default:
            break;
    }
    TRY(key.jwk_, std::move(jwk));
    auto const spki = spki_of(pkey);
    if (spki.empty()) return incomplete();
    key.thumbprint_ = to_base64url(sha256(key.jwk_));
    key.fingerprint_ = libtrust_fingerprint(spki);
    key.key_ = std::move(native);
    return key;
}

bool PublicKey::takes(SigningAlgorithm algorithm) const noexcept {
    if (only_ && *only_ != algorithm) return false;
    switch (algorithm) {
        case SigningAlgorithm::rs256:
        case SigningAlgorithm::rs384:
        case SigningAlgorithm::rs512:
        case SigningAlgorithm::ps256:
        case SigningAlgorithm::ps384:
        case SigningAlgorithm::ps512:
            return kind_ == Kind::rsa;
        case SigningAlgorithm::es256:
            return kind_ == Kind::p256;
        case SigningAlgorithm::es384:
            return kind_ == Kind::p384;
        case SigningAlgorithm::es512:
            return kind_ == Kind::p521;
        case SigningAlgorithm::eddsa:
            return kind_ == Kind::ed25519;
    }
    return false;
}

}  // namespace ocilot::jose
