#pragma once

#include "loopback.h"

#include <memory>
#include <openssl/ssl.h>
#include <string>
#include <string_view>

namespace ocilot::test {

/// A blocking TLS client on OpenSSL alone; trusts everybody unless told otherwise.
class TlsClient {
  public:
    explicit TlsClient(int fd)
        : context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free),
          ssl_(SSL_new(context_.get()), &SSL_free) {
        SSL_set_fd(ssl_.get(), fd);
    }

    [[nodiscard]] SSL* native() const { return ssl_.get(); }
    /// Offers protocols, in ALPN's wire form.
    void offer(std::string_view protocols) const {
        SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<unsigned char const*>(protocols.data()),
                            static_cast<unsigned>(protocols.size()));
    }
    [[nodiscard]] bool connect() const { return SSL_connect(ssl_.get()) == 1; }
    [[nodiscard]] std::string protocol() const {
        unsigned char const* name = nullptr;
        unsigned length = 0;
        SSL_get0_alpn_selected(ssl_.get(), &name, &length);
        return {reinterpret_cast<char const*>(name), length};
    }
    /// Common name of the server's certificate.
    [[nodiscard]] std::string server_name() const {
        std::array<char, 64> name{};
        auto* const certificate = SSL_get0_peer_certificate(ssl_.get());
        if (certificate == nullptr) return {};
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(),
                                  name.size());
        return name.data();
    }
    [[nodiscard]] bool write(std::string_view text) const {
        return SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())) ==
               static_cast<int>(text.size());
    }
    /// Everything up to close_notify; `orderly` tells whether that came.
    [[nodiscard]] std::string read_all(bool& orderly) const {
        std::string all;
        std::array<char, 65536> part;
        std::size_t size = 0;
        while (SSL_read_ex(ssl_.get(), part.data(), part.size(), &size) == 1) all.append(part.data(), size);
        orderly = SSL_get_error(ssl_.get(), 0) == SSL_ERROR_ZERO_RETURN;
        return all;
    }
    [[nodiscard]] std::string read_some() const {
        std::array<char, 1024> part;
        std::size_t size = 0;
        SSL_read_ex(ssl_.get(), part.data(), part.size(), &size);
        return {part.data(), size};
    }
    void shutdown() const { SSL_shutdown(ssl_.get()); }

  private:
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
    std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
};

}  // namespace ocilot::test
