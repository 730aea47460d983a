#pragma once

#include "base/clock.h"
#include "test_key.h"

#include <chrono>
#include <openssl/x509v3.h>

namespace ocilot::test {

/// A certificate for the key of somebody, signed by somebody, valid for an hour around `at`.
class TestCertificate {
  public:
    struct Is {
        char const* name;
        char const* signed_by;
        Time at;
        bool authority = false;
        char const* hash = "SHA256";
    };

    TestCertificate(Is const& is, TestKey const& key, TestKey const& signer) : x509_(X509_new(), &X509_free) {
        auto* const x509 = x509_.get();
        X509_set_version(x509, X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
        auto const seconds = std::chrono::system_clock::to_time_t(is.at);
        ASN1_TIME_set(X509_getm_notBefore(x509), seconds - 1800);
        ASN1_TIME_set(X509_getm_notAfter(x509), seconds + 1800);
        X509_set_pubkey(x509, key.native());
        set_name(X509_get_subject_name(x509), is.name);
        set_name(X509_get_issuer_name(x509), is.signed_by);
        auto* const constraints = X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints,
                                                      is.authority ? "critical,CA:TRUE" : "CA:FALSE");
        X509_add_ext(x509, constraints, -1);
        X509_EXTENSION_free(constraints);
        if (X509_sign(x509, signer.native(), EVP_get_digestbyname(is.hash)) == 0)
            throw std::runtime_error("OpenSSL cannot sign a certificate");
    }

    [[nodiscard]] std::string der() const {
        unsigned char* bytes = nullptr;
        int const size = i2d_X509(x509_.get(), &bytes);
        std::string out(reinterpret_cast<char const*>(bytes), static_cast<std::size_t>(size));
        OPENSSL_free(bytes);
        return out;
    }
    /// As an item of `x5c`, in quotes.
    [[nodiscard]] std::string x5c() const { return '"' + jose::to_base64(der()) + '"'; }
    [[nodiscard]] std::string pem() const {
        auto const text = jose::to_base64(der());
        std::string out = "-----BEGIN CERTIFICATE-----\n";
        for (std::size_t i = 0; i < text.size(); i += 64) out += text.substr(i, 64) + "\n";
        return out + "-----END CERTIFICATE-----\n";
    }

  private:
    static void set_name(X509_NAME* name, char const* text) {
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<unsigned char const*>(text), -1,
                                   -1, 0);
    }

    std::unique_ptr<X509, decltype(&X509_free)> x509_;
};

}  // namespace ocilot::test
