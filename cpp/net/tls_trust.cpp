#include "net/tls_trust.h"

#include "net/pem.h"
#include "net/tls_error.h"

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
    SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
    return SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_alpn_protos(native, http1, sizeof http1) == 0;
}

}  // namespace

TlsTrust::~TlsTrust() {
    SSL_CTX_free(native_);
}

Result<std::shared_ptr<TlsTrust>> TlsTrust::load(std::string const& authority_file) {
    ERR_clear_error();
    std::shared_ptr<TlsTrust> trust(new TlsTrust(SSL_CTX_new(TLS_client_method())));
    if (trust->native_ == nullptr || !set_rules(trust->native_)) {
        return Error{Errc::config, fmt::format("cannot set up TLS: {}", take_tls_reason())};
    }
    if (authority_file.empty()) {
        // A system without authorities is no reason not to start: it trusts nobody.
        SSL_CTX_set_default_verify_paths(trust->native_);
        ERR_clear_error();
        return trust;
    }
    auto* const trusted = SSL_CTX_get_cert_store(trust->native_);
    X509_STORE_set_flags(trusted, X509_V_FLAG_PARTIAL_CHAIN);
    TRY(auto const authorities, read_certificates("authority", authority_file));
    for (auto const& authority : authorities) {
        if (X509_STORE_add_cert(trusted, authority.get()) != 1) {
            return unusable_file("authority", authority_file, take_tls_reason());
        }
    }
    return trust;
}

}  // namespace ocilot::net
