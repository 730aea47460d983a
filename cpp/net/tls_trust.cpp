#include "net/tls_trust.h"

#include "net/pem.h"
#include "net/system_authorities.h"
#include "net/tls_error.h"

#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace ocilot::net {

namespace {

constexpr unsigned char http1[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

bool set_rules(SSL_CTX* native) {
    SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(native, 1);
    SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
    return SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_alpn_protos(native, http1, sizeof http1) == 0;
}

bool is_there(char const* path) {
    std::error_code error;
    return std::filesystem::exists(path, error);
}

/// Whether the system has authorities. Without them nothing is trusted, which does not prevent a start.
bool trust_system(SSL_CTX* native) {
    SSL_CTX_set_default_verify_paths(native);
    bool const named = std::getenv(X509_get_default_cert_file_env()) != nullptr ||
                       std::getenv(X509_get_default_cert_dir_env()) != nullptr;
    bool found = named || is_there(X509_get_default_cert_file()) || is_there(X509_get_default_cert_dir());
    if (!found) {
        auto const file = system_authorities("/");
        found = !file.empty() && SSL_CTX_load_verify_file(native, file.c_str()) == 1;
    }
    ERR_clear_error();
    return found;
}

Result<> trust_authorities(SSL_CTX* native, std::string const& file) {
    auto* const trusted = SSL_CTX_get_cert_store(native);
    X509_STORE_set_flags(trusted, X509_V_FLAG_PARTIAL_CHAIN);
    TRY(auto const authorities, read_certificates("authority", file));
    for (auto const& authority : authorities) {
        if (X509_STORE_add_cert(trusted, authority.get()) != 1) {
            return unusable_file("authority", file, take_tls_reason());
        }
    }
    return {};
}

Result<> use_certificate(SSL_CTX* native, TlsTrustSettings const& settings,
                         std::vector<Certificate> const& chain, Key const& key) {
    if (X509_check_private_key(chain.front().get(), key.get()) != 1) {
        ERR_clear_error();
        return unusable_file(
            "key", settings.key_file,
            fmt::format("it does not belong to the certificate `{}`", settings.certificate_file));
    }
    bool accepted = SSL_CTX_use_certificate(native, chain.front().get()) == 1 &&
                    SSL_CTX_use_PrivateKey(native, key.get()) == 1;
    for (std::size_t i = 1; accepted && i < chain.size(); ++i) {
        accepted = SSL_CTX_add1_chain_cert(native, chain[i].get()) == 1;
    }
    if (accepted) return {};
    return unusable_file("client certificate", settings.certificate_file, take_tls_reason());
}

}  // namespace

TlsTrust::~TlsTrust() {
    SSL_CTX_free(native_);
}

Result<std::shared_ptr<TlsTrust>> TlsTrust::load(TlsTrustSettings const& settings) {
    ERR_clear_error();
    std::shared_ptr<TlsTrust> trust(new TlsTrust(SSL_CTX_new(TLS_client_method())));
    if (trust->native_ == nullptr || !set_rules(trust->native_)) {
        return Error{Errc::config, fmt::format("cannot set up TLS: {}", take_tls_reason())};
    }
    if (settings.authority_file.empty()) {
        trust->has_authorities_ = trust_system(trust->native_);
    } else {
        CHECK(trust_authorities(trust->native_, settings.authority_file));
    }
    if (!settings.certificate_file.empty()) {
        TRY(auto const chain, read_certificates("client certificate", settings.certificate_file));
        TRY(auto const key, read_key(settings.key_file));
        CHECK(use_certificate(trust->native_, settings, chain, key));
    }
    return trust;
}

}  // namespace ocilot::net
