#include "jose/owned.h"
#include "jose/public_key.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

namespace ocilot::jose {

namespace {

/// What an algorithm is made of.
struct Method {
    char const* hash;            // Null: the key's own.
    std::size_t ecdsa_size = 0;  // Bytes of each of the two numbers.
    bool pss = false;
};

constexpr Method method_of(SigningAlgorithm algorithm) noexcept {
    switch (algorithm) {
        case SigningAlgorithm::rs256:
            return {"SHA256"};
        case SigningAlgorithm::rs384:
            return {"SHA384"};
        case SigningAlgorithm::rs512:
            return {"SHA512"};
        case SigningAlgorithm::ps256:
            return {"SHA256", 0, true};
        case SigningAlgorithm::ps384:
            return {"SHA384", 0, true};
        case SigningAlgorithm::ps512:
            return {"SHA512", 0, true};
        case SigningAlgorithm::es256:
            return {"SHA256", 32};
        case SigningAlgorithm::es384:
            return {"SHA384", 48};
        case SigningAlgorithm::es512:
            return {"SHA512", 66};
        case SigningAlgorithm::eddsa:
            break;
    }
    return {nullptr};
}

unsigned char const* bytes_of(std::string_view text) noexcept {
    return reinterpret_cast<unsigned char const*>(text.data());
}

/// OpenSSL's form of a signature; empty if it has not the size that JWS gives it.
std::string to_der(std::string_view raw, std::size_t size) {
    if (raw.size() != 2 * size) return {};
    Owned<ECDSA_SIG> const signature(ECDSA_SIG_new());
    auto* const r = BN_bin2bn(bytes_of(raw), static_cast<int>(size), nullptr);
    auto* const s = BN_bin2bn(bytes_of(raw.substr(size)), static_cast<int>(size), nullptr);
    if (signature == nullptr || r == nullptr || s == nullptr || ECDSA_SIG_set0(signature.get(), r, s) != 1) {
        BN_free(r);
        BN_free(s);
        return {};
    }
    unsigned char* der = nullptr;
    int const length = i2d_ECDSA_SIG(signature.get(), &der);
    if (length <= 0) return {};
    std::string out(reinterpret_cast<char const*>(der), static_cast<std::size_t>(length));
    OPENSSL_free(der);
    return out;
}

bool use_pss(EVP_PKEY_CTX* context) {
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

}  // namespace

bool PublicKey::verifies(SigningAlgorithm algorithm, std::string_view text,
                         std::string_view signature) const {
    if (!takes(algorithm) || signature.empty()) return false;
    auto const method = method_of(algorithm);
    std::string der;
    if (method.ecdsa_size > 0) {
        der = to_der(signature, method.ecdsa_size);
        if (der.empty()) return false;
        signature = der;
    }
    Owned<EVP_MD_CTX> const context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* parameters = nullptr;
    bool const good = context != nullptr &&
                      EVP_DigestVerifyInit_ex(context.get(), &parameters, method.hash, nullptr, nullptr,
                                              key_.get(), nullptr) == 1 &&
                      (!method.pss || use_pss(parameters)) &&
                      EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(text),
                                       text.size()) == 1;
    ERR_clear_error();
    return good;
}

}  // namespace ocilot::jose
