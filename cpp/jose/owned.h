#pragma once

#include <memory>

struct bignum_st;
struct bio_st;
struct ECDSA_SIG_st;
struct evp_md_ctx_st;
struct evp_pkey_st;
struct evp_pkey_ctx_st;
struct ossl_param_st;
struct ossl_param_bld_st;
struct x509_st;
struct x509_store_st;
struct x509_store_ctx_st;
struct stack_st_X509;

namespace ocilot::jose {

/// Frees what OpenSSL made.
struct Free {
    void operator()(bignum_st* number) const noexcept;
    void operator()(bio_st* bio) const noexcept;
    void operator()(ECDSA_SIG_st* signature) const noexcept;
    void operator()(evp_md_ctx_st* context) const noexcept;
    void operator()(evp_pkey_st* key) const noexcept;
    void operator()(evp_pkey_ctx_st* context) const noexcept;
    void operator()(ossl_param_st* parameters) const noexcept;
    void operator()(ossl_param_bld_st* builder) const noexcept;
    void operator()(x509_st* certificate) const noexcept;
    void operator()(x509_store_st* store) const noexcept;
    void operator()(x509_store_ctx_st* context) const noexcept;
    void operator()(stack_st_X509* certificates) const noexcept;
    void operator()(char* text) const noexcept;
    void operator()(unsigned char* bytes) const noexcept;
};

template <class T>
using Owned = std::unique_ptr<T, Free>;

}  // namespace ocilot::jose
