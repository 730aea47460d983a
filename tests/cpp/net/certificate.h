#pragma once

#include "net/tls_context.h"

#include <cstdio>
#include <gtest/gtest.h>
#include <memory>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string>

namespace ocilot::test {

/// Writes a self-signed certificate for `name` and its key, which it takes over (default: EC P-256), into the
/// two files of `settings`. A passphrase encrypts the key.
inline void write_certificate(net::TlsSettings const& settings, char const* name,
                              char const* passphrase = nullptr, EVP_PKEY* own_key = nullptr) {
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> const key(
        own_key != nullptr ? own_key : EVP_EC_gen("P-256"), &EVP_PKEY_free);
    std::unique_ptr<X509, decltype(&X509_free)> const certificate(X509_new(), &X509_free);
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key.get());
    auto* const subject = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<unsigned char const*>(name), -1,
                               -1, 0);
    X509_set_issuer_name(certificate.get(), subject);
    // Ed25519 has its digest built in.
    auto const* const digest = EVP_PKEY_is_a(key.get(), "ED25519") == 1 ? nullptr : EVP_sha256();
    ASSERT_NE(X509_sign(certificate.get(), key.get(), digest), 0);

    std::unique_ptr<std::FILE, decltype(&std::fclose)> const certificate_file(
        std::fopen(settings.certificate_file.c_str(), "w"), &std::fclose);
    ASSERT_EQ(PEM_write_X509(certificate_file.get(), certificate.get()), 1);
    std::unique_ptr<std::FILE, decltype(&std::fclose)> const key_file(
        std::fopen(settings.key_file.c_str(), "w"), &std::fclose);
    ASSERT_EQ(PEM_write_PrivateKey(key_file.get(), key.get(), passphrase ? EVP_aes_256_cbc() : nullptr,
                                   nullptr, 0, nullptr, const_cast<char*>(passphrase)),
              1);
}

}  // namespace ocilot::test
