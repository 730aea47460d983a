#include "net/tls_context.h"

#include "net/tls_error.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace ocilot::net {

namespace {

struct Freed {
    void operator()(BIO* bio) const noexcept { BIO_free(bio); }
    void operator()(X509* certificate) const noexcept { X509_free(certificate); }
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
using Bio = std::unique_ptr<BIO, Freed>;
using Certificate = std::unique_ptr<X509, Freed>;
using Key = std::unique_ptr<EVP_PKEY, Freed>;

Error unusable(std::string_view what, std::string_view file, std::string_view why) {
    return {Errc::config, fmt::format("cannot use the TLS {} `{}`: {}", what, file, why)};
}

Result<std::string> read_file(std::string_view what, std::string const& file) {
    struct Descriptor {
        ~Descriptor() {
            if (fd >= 0) ::close(fd);
        }
        int fd;
    } const source{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
    if (source.fd < 0) return unusable(what, file, std::generic_category().message(errno));
    std::string text;
    std::array<char, 4096> part;
    for (;;) {
        auto const n = ::read(source.fd, part.data(), part.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return unusable(what, file, std::generic_category().message(errno));
        if (n == 0) return text;
        text.append(part.data(), static_cast<std::size_t>(n));
    }
}

Bio memory(std::string const& text) {
    return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// Never asks on the terminal: a server has nobody to answer. `asked` tells that the key is encrypted.
int no_passphrase(char*, int, int, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
}

/// Every certificate of the file, the server's own first.
Result<std::vector<Certificate>> read_certificates(std::string const& file) {
    TRY(auto const text, read_file("certificate", file));
    auto const source = memory(text);
    std::vector<Certificate> chain;
    for (;;) {
        Certificate certificate(PEM_read_bio_X509(source.get(), nullptr, nullptr, nullptr));
        if (!certificate) break;
        chain.push_back(std::move(certificate));
    }
    bool const at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    auto const reason = take_tls_reason();
    if (!at_end) return unusable("certificate", file, fmt::format("it is damaged ({})", reason));
    if (chain.empty()) return unusable("certificate", file, "it holds no certificate in PEM form");
    return chain;
}

Result<Key> read_key(std::string const& file) {
    TRY(auto const text, read_file("key", file));
    auto const source = memory(text);
    bool encrypted = false;
    Key key(PEM_read_bio_PrivateKey(source.get(), nullptr, &no_passphrase, &encrypted));
    if (key) return key;
    bool const none = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    auto const reason = take_tls_reason();
    if (encrypted) return unusable("key", file, "it is encrypted; store it without a passphrase");
    // OpenSSL's decoders answer `unsupported` where there is nothing to decode.
    if (none || text.find("PRIVATE KEY-----") == std::string::npos) {
        return unusable("key", file, "it holds no private key in PEM form");
    }
    return unusable("key", file, fmt::format("it is damaged ({})", reason));
}

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

bool set_rules(SSL_CTX* native, TlsVersion minimum) {
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
    auto const version = minimum == TlsVersion::tls1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
    return SSL_CTX_set_min_proto_version(native, version) == 1 &&
           SSL_CTX_set_session_id_context(native, session_scope, sizeof session_scope - 1) == 1;
}

}  // namespace

Result<TlsVersion> parse_tls_version(std::string_view text) {
    if (text == "tls1.2") return TlsVersion::tls1_2;
    if (text == "tls1.3") return TlsVersion::tls1_3;
    return Error{Errc::config,
                 fmt::format("`{}` is no TLS version this server can insist on; use tls1.2 or tls1.3", text)};
}

TlsContext::~TlsContext() {
    SSL_CTX_free(native_);
}

Result<std::shared_ptr<TlsContext>> TlsContext::load(TlsSettings const& settings) {
    ERR_clear_error();
    TRY(auto const chain, read_certificates(settings.certificate_file));
    TRY(auto const key, read_key(settings.key_file));
    if (X509_check_private_key(chain.front().get(), key.get()) != 1) {
        ERR_clear_error();
        return unusable("key", settings.key_file,
                        fmt::format("it does not belong to the certificate `{}`", settings.certificate_file));
    }
    std::shared_ptr<TlsContext> context(new TlsContext(SSL_CTX_new(TLS_server_method())));
    if (context->native_ == nullptr || !set_rules(context->native_, settings.minimum)) {
        return Error{Errc::config, fmt::format("cannot set up TLS: {}", take_tls_reason())};
    }
    bool accepted = SSL_CTX_use_certificate(context->native_, chain.front().get()) == 1 &&
                    SSL_CTX_use_PrivateKey(context->native_, key.get()) == 1;
    for (std::size_t i = 1; accepted && i < chain.size(); ++i) {
        accepted = SSL_CTX_add1_chain_cert(context->native_, chain[i].get()) == 1;
    }
    // For example a key that is too short for OpenSSL's security level.
    if (!accepted) return unusable("certificate", settings.certificate_file, take_tls_reason());
    return context;
}

}  // namespace ocilot::net
