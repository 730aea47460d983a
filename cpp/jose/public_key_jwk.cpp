#include "jose/base64url.h"
#include "jose/owned.h"
#include "jose/public_key.h"
#include "jose/strict_json.h"
#include "jose/unusable_key.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

namespace ocilot::jose {

namespace {

using Json = nlohmann::json;

/// A member that is a string; empty if it is missing or something else.
std::string text_of(Json const& jwk, char const* name) {
    auto const found = jwk.find(name);
    return found != jwk.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Result<std::string> bytes_of(Json const& jwk, char const* name) {
    auto bytes = from_base64url(text_of(jwk, name));
    if (!bytes || bytes->empty()) return unusable_key(fmt::format("field {} is not base64url", name));
    return std::move(*bytes);
}

unsigned char const* raw(std::string const& bytes) noexcept {
    return reinterpret_cast<unsigned char const*>(bytes.data());
}

/// A public key of `type` made of the parameters that were put into `builder`.
Result<PublicKey::Native> build(char const* type, OSSL_PARAM_BLD* builder) {
    Owned<OSSL_PARAM> const parameters(OSSL_PARAM_BLD_to_param(builder));
    Owned<EVP_PKEY_CTX> const context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    if (parameters == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1)
        return unusable_key("the numbers are not a public key");
    return PublicKey::Native(key, Free());
}

Result<PublicKey::Native> rsa(Json const& jwk) {
    TRY(auto const modulus, bytes_of(jwk, "n"));
    TRY(auto const exponent, bytes_of(jwk, "e"));
    if (modulus.size() > 1024 || exponent.size() > 8) return unusable_key("the RSA numbers are too large");
    Owned<BIGNUM> const n(BN_bin2bn(raw(modulus), static_cast<int>(modulus.size()), nullptr));
    Owned<BIGNUM> const e(BN_bin2bn(raw(exponent), static_cast<int>(exponent.size()), nullptr));
    Owned<OSSL_PARAM_BLD> const builder(OSSL_PARAM_BLD_new());
    if (n == nullptr || e == nullptr || builder == nullptr ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1)
        return unusable_key("the numbers are not a public key");
    return build("RSA", builder.get());
}

std::size_t coordinate_size(std::string_view curve) noexcept {
    if (curve == "P-256") return 32;
    if (curve == "P-384") return 48;
    return curve == "P-521" ? 66 : 0;
}

Result<PublicKey::Native> ec(Json const& jwk) {
    auto const curve = text_of(jwk, "crv");
    auto const size = coordinate_size(curve);
    if (size == 0) return unusable_key("unknown curve: expected P-256, P-384 or P-521");
    TRY(auto const x, bytes_of(jwk, "x"));
    TRY(auto const y, bytes_of(jwk, "y"));
    if (x.size() != size || y.size() != size)
        return unusable_key("the coordinates do not have the size of the curve");
    auto const point = '\x04' + x + y;  // SEC 1 §2.3.3, uncompressed.
    Owned<OSSL_PARAM_BLD> const builder(OSSL_PARAM_BLD_new());
    if (builder == nullptr ||
        OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.c_str(), 0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                         point.size()) != 1)
        return unusable_key("the point is not a public key");
    return build("EC", builder.get());  // Which also looks whether the point is on the curve.
}

Result<PublicKey::Native> okp(Json const& jwk) {
    if (text_of(jwk, "crv") != "Ed25519") return unusable_key("unknown curve: expected Ed25519");
    TRY(auto const x, bytes_of(jwk, "x"));
    auto* const key =
        x.size() != 32 ? nullptr : EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw(x), x.size());
    if (key == nullptr) return unusable_key("field x is not an Ed25519 key");
    return PublicKey::Native(key, Free());
}

Result<PublicKey::Native> native_of(Json const& jwk) {
    auto const type = text_of(jwk, "kty");
    if (type == "RSA") return rsa(jwk);
    if (type == "EC") return ec(jwk);
    if (type == "OKP") return okp(jwk);
    return unusable_key("unknown type kty: expected RSA, EC or OKP");
}

/// Whether a JWK says that signatures are not to be verified with it (RFC 7517 §4.2, §4.3).
bool is_for_something_else(Json const& jwk) {
    if (jwk.contains("use") && text_of(jwk, "use") != "sig") return true;
    auto const operations = jwk.find("key_ops");
    if (operations == jwk.end()) return false;
    return !operations->is_array() ||
           std::ranges::none_of(*operations, [](Json const& one) { return one == "verify"; });
}

}  // namespace

Result<PublicKey> PublicKey::from_jwk(std::string_view json) {
    auto parsed = parse_strict_object(json);
    if (parsed.has_error()) return unusable_key("cannot be read: " + parsed.error().message);
    auto const& jwk = *parsed;
    if (jwk.contains("d")) return unusable_key("private key: expected a public key");
    if (is_for_something_else(jwk))
        return unusable_key("use or key_ops does not include signature verification");
    std::optional<SigningAlgorithm> only;
    if (jwk.contains("alg")) {
        only = parse_signing_algorithm(text_of(jwk, "alg"));
        if (!only) return unusable_key("alg is not an accepted signature algorithm");
    }
    TRY(auto native, native_of(jwk));
    TRY(auto key, from_native(std::move(native)));
    key.only_ = only;
    if (only && !key.takes(*only)) return unusable_key("alg does not match the type of the key");
    key.id_ = text_of(jwk, "kid");
    return key;
}

}  // namespace ocilot::jose
