#include "jose/public_keys.h"

#include "base/quote.h"
#include "jose/owned.h"
#include "jose/strict_json.h"
#include "jose/unusable_key.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

namespace ocilot::jose {

namespace {

using Json = nlohmann::json;

constexpr std::size_t longest_jwks = 1 << 20;  // bytes
constexpr std::size_t max_keys = 1000;
constexpr std::size_t longest_chain = 8;
constexpr int security_level = 2;  // 112 bits: no SHA-1 in a chain.

Error untrusted(std::string_view why) {
    ERR_clear_error();
    return {Errc::unauthorized,
            fmt::format("the certificates in the token's header are not trusted: {}", why)};
}

/// One block of a PEM file.
struct Block {
    Owned<char> type;
    Owned<char> header;
    Owned<unsigned char> bytes;
    long size = 0;
};

std::optional<Block> next_block(BIO* bio) {
    char* type = nullptr;
    char* header = nullptr;
    unsigned char* bytes = nullptr;
    long size = 0;
    if (PEM_read_bio(bio, &type, &header, &bytes, &size) != 1) return std::nullopt;
    return Block{Owned<char>(type), Owned<char>(header), Owned<unsigned char>(bytes), size};
}

Owned<X509> certificate_of(unsigned char const* der, long size) {
    auto const* end = der;
    Owned<X509> certificate(d2i_X509(nullptr, &end, size));
    if (end != der + size) certificate.reset();
    return certificate;
}

Result<PublicKey> key_of(X509 const* certificate) {
    auto* const key = X509_get0_pubkey(certificate);
    if (key == nullptr) return unusable_key("its key has an unknown type");
    EVP_PKEY_up_ref(key);
    return PublicKey::from_native(PublicKey::Native(key, Free()));
}

bool is_secret(Json const& jwk) {
    return jwk.is_object() && (jwk.value("kty", Json()) == "oct" || jwk.contains("k"));
}

}  // namespace

Result<> PublicKeys::add_jwks(std::string_view json) {
    if (json.size() > longest_jwks) return unusable_key("the JWKS is larger than 1 MiB");
    auto parsed = parse_strict_object(json);
    if (parsed.has_error()) return unusable_key("the JWKS cannot be read: " + parsed.error().message);
    auto list = Json::array();
    if (parsed->contains("keys")) {
        list = (*parsed)["keys"];
    } else {
        list.push_back(*parsed);
    }
    if (!list.is_array() || list.size() > max_keys) return unusable_key("the JWKS has no list of keys");
    auto const before = keys_.size();
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (is_secret(list[i]))
            return unusable_key("the JWKS contains a shared secret (kty oct): expected public keys only");
        if (list[i].is_object() && list[i].contains("d"))
            return unusable_key("the JWKS contains a private key: expected public keys only");
        auto key = PublicKey::from_jwk(list[i].dump());
        if (key.has_error()) {
            passed_over_.push_back(fmt::format("key {} of the JWKS: {}", i + 1, key.error().message));
            continue;
        }
        keys_.push_back(std::move(*key));
    }
    if (keys_.size() == before)
        return unusable_key(passed_over_.empty() ? "the JWKS contains no key"
                                                 : "the JWKS contains no usable key: " + passed_over_.back());
    return {};
}

Result<> PublicKeys::add_pem(std::string_view text) {
    if (text.size() > longest_jwks) return unusable_key("the PEM file is larger than 1 MiB");
    Owned<BIO> const bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    if (bio == nullptr) return unusable_key("the PEM file cannot be read");
    auto const before = keys_.size();
    bool rooted = false;
    for (int number = 1;; ++number) {
        auto const block = next_block(bio.get());
        if (!block) break;
        std::string_view const type(block->type.get());
        if (type == "CERTIFICATE") {
            CHECK(add_certificate(
                {reinterpret_cast<char const*>(block->bytes.get()), static_cast<std::size_t>(block->size)},
                number));
            rooted = true;
        } else if (type == "PUBLIC KEY") {
            unsigned char const* der = block->bytes.get();
            Owned<EVP_PKEY> key(d2i_PUBKEY(nullptr, &der, block->size));
            if (key == nullptr)
                return unusable_key(fmt::format("block {} of the PEM file is not a key", number));
            take(PublicKey::from_native(PublicKey::Native(key.release(), Free())), number);
        } else {
            passed_over_.push_back(
                fmt::format("block {} of the PEM file: {} is neither a certificate nor a "
                            "public key",
                            number, quote(type)));
        }
    }
    // The reader stops at the end, or at a block that is broken.
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
        return unusable_key("the PEM file has a block that cannot be read");
    ERR_clear_error();
    if (keys_.size() == before && !rooted)
        return unusable_key("the PEM file contains no usable certificate or public key");
    return {};
}

void PublicKeys::take(Result<PublicKey> key, int number) {
    if (key.has_error()) {
        passed_over_.push_back(fmt::format("block {} of the PEM file: {}", number, key.error().message));
        return;
    }
    keys_.push_back(std::move(*key));
}

Result<> PublicKeys::add_certificate(std::string_view der, int number) {
    auto const certificate =
        certificate_of(reinterpret_cast<unsigned char const*>(der.data()), static_cast<long>(der.size()));
    if (certificate == nullptr)
        return unusable_key(fmt::format("block {} of the PEM file is not a certificate", number));
    if (!roots_) roots_ = std::shared_ptr<X509_STORE>(X509_STORE_new(), Free());
    if (!roots_ || X509_STORE_add_cert(roots_.get(), certificate.get()) != 1)
        return unusable_key("OpenSSL cannot store a certificate");
    take(key_of(certificate.get()), number);
    return {};
}

PublicKey const* PublicKeys::find(std::string_view kid, SigningAlgorithm algorithm) const noexcept {
    PublicKey const* found = nullptr;
    for (auto const& key : keys_) {
        if (!key.takes(algorithm)) continue;
        if (kid.empty()) {
            if (found != nullptr) return nullptr;
            found = &key;
        } else if (key.id() == kid || key.thumbprint() == kid || key.fingerprint() == kid) {
            return &key;
        }
    }
    return found;
}

PublicKey const* PublicKeys::find_same(std::string_view jwk) const {
    auto const same = PublicKey::from_jwk(jwk);
    if (same.has_error()) return nullptr;
    for (auto const& key : keys_) {
        if (key.jwk() == same->jwk()) return &key;
    }
    return nullptr;
}

Result<PublicKey> PublicKeys::find_by_chain(std::span<std::string const> chain, Time now) const {
    if (!roots_) return untrusted("no root certificates are configured");
    if (chain.empty() || chain.size() > longest_chain) return untrusted("too few or too many certificates");
    Owned<STACK_OF(X509)> const others(sk_X509_new_null());
    Owned<X509> leaf;
    for (auto const& der : chain) {
        auto certificate =
            certificate_of(reinterpret_cast<unsigned char const*>(der.data()), static_cast<long>(der.size()));
        if (certificate == nullptr) return untrusted("a certificate cannot be read");
        if (!leaf) {
            leaf = std::move(certificate);
        } else if (others == nullptr || sk_X509_push(others.get(), certificate.get()) == 0) {
            return untrusted("a certificate cannot be stored");
        } else {
            certificate.release();  // NOLINT: the stack owns it now.
        }
    }
    Owned<X509_STORE_CTX> const context(X509_STORE_CTX_new());
    if (context == nullptr || X509_STORE_CTX_init(context.get(), roots_.get(), leaf.get(), others.get()) != 1)
        return untrusted("OpenSSL cannot verify them");
    auto* const parameters = X509_STORE_CTX_get0_param(context.get());
    // A certificate of the bundle is a root even if somebody else signed it, as distribution has it.
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
    X509_VERIFY_PARAM_set_auth_level(parameters, security_level);
    X509_VERIFY_PARAM_set_time(parameters, std::chrono::system_clock::to_time_t(now));
    if (X509_verify_cert(context.get()) != 1)
        return untrusted(X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get())));
    auto key = key_of(leaf.get());
    if (key.has_error()) return untrusted(key.error().message);
    ERR_clear_error();
    return key;
}

}  // namespace ocilot::jose
