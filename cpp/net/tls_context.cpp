#include "net/tls_context.h"

#include "net/pem.h"
#include "net/tls_error.h"
#include "net/tls_identity.h"

#include <algorithm>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace ocilot::net {

namespace {

constexpr unsigned char http1[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
constexpr unsigned char session_scope[] = "ocilot";

int choose_protocol(SSL*, unsigned char const** chosen, unsigned char* length, unsigned char const* offered,
                    unsigned offered_length, void*) {
    unsigned char* match = nullptr;
    auto const found = SSL_select_next_proto(&match, length, http1, sizeof http1, offered, offered_length);
    if (found != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
    *chosen = match;
    return SSL_TLSEXT_ERR_OK;
}

bool select_suites(SSL_CTX* native, TlsSuites const& suites) {
    // To OpenSSL an empty list is an error. Without suites of TLS 1.2 only TLS 1.3 is allowed: see load().
    return (suites.of_tls1_2().empty() || SSL_CTX_set_cipher_list(native, suites.of_tls1_2().c_str()) == 1) &&
           (suites.of_tls1_3().empty() || SSL_CTX_set_ciphersuites(native, suites.of_tls1_3().c_str()) == 1);
}

bool set_rules(SSL_CTX* native, TlsSettings const& settings) {
    SSL_CTX_set_options(native,
                        SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    // Idle connections give their buffers back; a write may end after one record and be repeated from
    // elsewhere.
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(native, 1);
    // Tickets keep the session at the client; nothing is kept here.
    SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(native, &choose_protocol, nullptr);
    auto const version = settings.minimum == TlsVersion::tls1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
    return SSL_CTX_set_min_proto_version(native, version) == 1 && select_suites(native, settings.suites) &&
           SSL_CTX_set_session_id_context(native, session_scope, sizeof session_scope - 1) == 1;
}

/// A session is resumed with what was verified at its beginning: when the certificate's time is over by then,
/// there is a whole handshake instead, in which the client can show a new one.
SSL_TICKET_RETURN take_ticket(SSL*, SSL_SESSION* session, unsigned char const*, std::size_t,
                              SSL_TICKET_STATUS status, void*) {
    if (status == SSL_TICKET_EMPTY || status == SSL_TICKET_NO_DECRYPT) return SSL_TICKET_RETURN_IGNORE_RENEW;
    auto* const certificate = SSL_SESSION_get0_peer(session);
    if (certificate != nullptr && has_expired(certificate)) return SSL_TICKET_RETURN_IGNORE_RENEW;
    return status == SSL_TICKET_SUCCESS_RENEW ? SSL_TICKET_RETURN_USE_RENEW : SSL_TICKET_RETURN_USE;
}

/// Whose certificates of clients are good. As in Go, each certificate of the files is trusted by itself, be
/// it an authority's root or one in between.
Result<> trust_clients(SSL_CTX* native, TlsSettings const& settings) {
    auto* const trusted = SSL_CTX_get_cert_store(native);
    X509_STORE_set_flags(trusted, X509_V_FLAG_PARTIAL_CHAIN);
    for (auto const& file : settings.client_authority_files) {
        TRY(auto const authorities, read_certificates("authority of clients", file));
        for (auto const& authority : authorities) {
            if (X509_STORE_add_cert(trusted, authority.get()) != 1 ||
                SSL_CTX_add_client_CA(native, authority.get()) != 1) {
                return unusable_file("authority of clients", file, take_tls_reason());
            }
        }
    }
    auto const required = settings.client_certificate_required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
    SSL_CTX_set_verify(native, SSL_VERIFY_PEER | required, nullptr);
    SSL_CTX_set_session_ticket_cb(native, nullptr, &take_ticket, nullptr);
    return {};
}

/// Without this, the registry would start and refuse every client of TLS 1.2.
std::string unfit_suites(EVP_PKEY const* key) {
    auto const family = suite_family(key);
    return fmt::format(
        "none of the selected cipher suites works with its {} key and TLS 1.2; select "
        "TLS_ECDHE_{}_WITH_AES_128_GCM_SHA256, too, or allow TLS 1.3 only",
        family, family);
}

}  // namespace

Result<TlsVersion> parse_tls_version(std::string_view text) {
    if (text == "tls1.2") return TlsVersion::tls1_2;
    if (text == "tls1.3") return TlsVersion::tls1_3;
    return Error{Errc::config,
                 fmt::format("invalid minimum TLS version \"{}\": expected tls1.2 or tls1.3", text)};
}

TlsContext::~TlsContext() {
    SSL_CTX_free(native_);
}

Result<std::shared_ptr<TlsContext>> TlsContext::load(TlsSettings const& settings) {
    ERR_clear_error();
    TRY(auto const chain, read_certificates("certificate", settings.certificate_file));
    TRY(auto const key, read_key(settings.key_file));
    if (X509_check_private_key(chain.front().get(), key.get()) != 1) {
        ERR_clear_error();
        return unusable_file(
            "key", settings.key_file,
            fmt::format("it does not belong to the certificate `{}`", settings.certificate_file));
    }
    if (settings.minimum == TlsVersion::tls1_2 && !settings.suites.fit(key.get())) {
        return unusable_file("certificate", settings.certificate_file, unfit_suites(key.get()));
    }
    std::shared_ptr<TlsContext> context(new TlsContext(SSL_CTX_new(TLS_server_method())));
    if (context->native_ == nullptr || !set_rules(context->native_, settings)) {
        return Error{Errc::config, fmt::format("cannot set up TLS: {}", take_tls_reason())};
    }
    bool accepted = SSL_CTX_use_certificate(context->native_, chain.front().get()) == 1 &&
                    SSL_CTX_use_PrivateKey(context->native_, key.get()) == 1;
    for (std::size_t i = 1; accepted && i < chain.size(); ++i) {
        accepted = SSL_CTX_add1_chain_cert(context->native_, chain[i].get()) == 1;
    }
    // For example a key that is too short for OpenSSL's security level.
    if (!accepted) return unusable_file("certificate", settings.certificate_file, take_tls_reason());
    context->expires_at_ = Time::max();
    for (auto const& certificate : chain) {
        context->expires_at_ = std::min(context->expires_at_, expiry_of(certificate.get()));
    }
    if (!settings.client_authority_files.empty()) {
        CHECK(trust_clients(context->native_, settings));
    }
    return context;
}

}  // namespace ocilot::net
