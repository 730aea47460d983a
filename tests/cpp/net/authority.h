#pragma once

#include "net/pem.h"

#include <cstdio>
#include <memory>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string>
#include <utility>
#include <vector>

namespace ocilot::test {

/// A certificate with its key.
struct Pair509 {
    net::Certificate certificate;
    net::Key key;
};

/// What a certificate says.
struct CertificateText {
    std::vector<std::string> common_names = {};
    std::string alternative_names = {};  ///< as OpenSSL writes them: `URI:spiffe://a,DNS:b`
    std::string usage = "clientAuth";    ///< of the extended kind; empty: any
    long valid_for = 3600;               ///< seconds from now
    bool authority = false;
};

inline void extend(X509* certificate, int what, std::string const& value) {
    if (value.empty()) return;
    auto* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, what, value.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

/// A certificate signed by `issuer`, or by itself if that is null.
inline Pair509 issue(CertificateText const& text, Pair509 const* issuer = nullptr) {
    Pair509 made{net::Certificate(X509_new()), net::Key(EVP_EC_gen("P-256"))};
    auto* const certificate = made.certificate.get();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), issuer == nullptr ? 1 : 2);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -7200);
    X509_gmtime_adj(X509_getm_notAfter(certificate), text.valid_for);
    X509_set_pubkey(certificate, made.key.get());
    for (auto const& name : text.common_names) {
        X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate), NID_commonName, MBSTRING_UTF8,
                                   reinterpret_cast<unsigned char const*>(name.data()),
                                   static_cast<int>(name.size()), -1, 0);
    }
    auto const* const by = issuer == nullptr ? certificate : issuer->certificate.get();
    X509_set_issuer_name(certificate, X509_get_subject_name(by));
    extend(certificate, NID_subject_alt_name, text.alternative_names);
    extend(certificate, NID_ext_key_usage, text.authority ? "" : text.usage);
    extend(certificate, NID_basic_constraints, text.authority ? "critical,CA:TRUE" : "CA:FALSE");
    X509_sign(certificate, (issuer == nullptr ? made : *issuer).key.get(), EVP_sha256());
    return made;
}

inline Pair509 make_authority(std::string name) {
    return issue({.common_names = {std::move(name)}, .authority = true});
}

/// Writes a certificate into a PEM file.
inline void write_pem(std::string const& file, Pair509 const& pair) {
    std::unique_ptr<std::FILE, decltype(&std::fclose)> const out(std::fopen(file.c_str(), "w"), &std::fclose);
    PEM_write_X509(out.get(), pair.certificate.get());
}

/// Writes its key into one.
inline void write_key(std::string const& file, Pair509 const& pair) {
    std::unique_ptr<std::FILE, decltype(&std::fclose)> const out(std::fopen(file.c_str(), "w"), &std::fclose);
    PEM_write_PrivateKey(out.get(), pair.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
}

}  // namespace ocilot::test
