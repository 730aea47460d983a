#include "jose/owned.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

namespace ocilot::jose {

void Free::operator()(BIGNUM* number) const noexcept {
    BN_free(number);
}

void Free::operator()(BIO* bio) const noexcept {
    BIO_free(bio);
}

void Free::operator()(ECDSA_SIG* signature) const noexcept {
    ECDSA_SIG_free(signature);
}

void Free::operator()(EVP_MD_CTX* context) const noexcept {
    EVP_MD_CTX_free(context);
}

void Free::operator()(EVP_PKEY* key) const noexcept {
    EVP_PKEY_free(key);
}

void Free::operator()(EVP_PKEY_CTX* context) const noexcept {
    EVP_PKEY_CTX_free(context);
}

void Free::operator()(OSSL_PARAM* parameters) const noexcept {
    OSSL_PARAM_free(parameters);
}

void Free::operator()(OSSL_PARAM_BLD* builder) const noexcept {
    OSSL_PARAM_BLD_free(builder);
}

void Free::operator()(X509* certificate) const noexcept {
    X509_free(certificate);
}

void Free::operator()(X509_STORE* store) const noexcept {
    X509_STORE_free(store);
}

void Free::operator()(X509_STORE_CTX* context) const noexcept {
    X509_STORE_CTX_free(context);
}

void Free::operator()(STACK_OF(X509) * certificates) const noexcept {
    sk_X509_pop_free(certificates, X509_free);
}

void Free::operator()(char* text) const noexcept {
    OPENSSL_free(text);
}

void Free::operator()(unsigned char* bytes) const noexcept {
    OPENSSL_free(bytes);
}

}  // namespace ocilot::jose
