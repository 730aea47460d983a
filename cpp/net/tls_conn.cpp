#include "net/tls_conn.h"

#include "base/counted.h"
#include "net/socket_bio.h"
#include "net/tcp_conn.h"
#include "net/tls_error.h"
#include "net/tls_identity.h"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <cctype>
#include <cerrno>
#include <fmt/format.h>
#include <memory>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ocilot::net {

namespace {

constexpr std::size_t record = SSL3_RT_MAX_PLAIN_LENGTH;
constexpr std::size_t request_swallowed = 64 * 1024;  // Bytes read of a request that came in plain HTTP.

struct SslFree {
    void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
};

class TlsConn final : public Conn {
  public:
    explicit TlsConn(Socket socket) : transport_(std::move(socket)), bio_(transport_) {}

    /// Makes the SSL object, server side. internal when OpenSSL is out of memory.
    Result<> prepare(TlsContext const& context);
    /// Same, client side, for a server that has to be `host`.
    Result<> prepare(TlsTrust const& trust, std::string const& host);
    /// Waits for the client's first byte: whether it begins a request in plain HTTP.
    Task<Result<bool>> speaks_plain_http();
    Task<Result<>> handshake();
    /// Why the server is not trusted; empty if that is not the trouble.
    [[nodiscard]] std::string distrust() const;
    /// Takes the name out of the client's certificate, if one was asked for and given. peer_closed if it is
    /// not valid.
    Result<> identify();
    Socket release() { return transport_.release(); }

    Task<Result<std::size_t>> read_some(std::span<std::byte> out) override;
    Task<Result<>> write(ConstBytes bytes, bool more) override;
    Task<Result<>> send_file(int fd, std::uint64_t offset, std::uint64_t length) override;
    using Conn::expires_after;
    void expires_after(StreamTimeouts timeouts) override { transport_.expires_after(timeouts); }
    std::uint64_t received() const noexcept override { return transport_.received(); }
    bool readable() override;
    bool peer_closed() override { return transport_.peer_closed(); }
    Task<> finish_writing() override;
    void close() noexcept override { transport_.close(); }
    Executor executor() override { return transport_.executor(); }
    std::string const& peer() const noexcept override { return transport_.peer(); }
    std::optional<std::string_view> tls_name() const noexcept override;

  private:
    Result<> make(ssl_ctx_st* context);
    /// Waits for what OpenSSL's call that answered `code` lacks, or tells why it failed.
    Task<Result<>> settle(int code, std::string_view doing);
    Error failure(int reason, std::string_view doing);

    Transport transport_;
    SocketBio bio_;
    std::unique_ptr<SSL, SslFree> ssl_;
    std::string certificate_;  // Name of the client.
    bool broken_ = false;      // OpenSSL forbids further calls after a fatal error.
};

Result<> TlsConn::make(ssl_ctx_st* context) {
    ERR_clear_error();
    ssl_.reset(SSL_new(context));
    auto* const bio = ssl_ ? bio_.make() : nullptr;
    if (bio == nullptr) return Error{Errc::internal, fmt::format("cannot start TLS: {}", take_tls_reason())};
    SSL_set_bio(ssl_.get(), bio, bio);
    return {};
}

Result<> TlsConn::prepare(TlsContext const& context) {
    CHECK(make(context.native()));
    SSL_set_accept_state(ssl_.get());
    return {};
}

Result<> TlsConn::prepare(TlsTrust const& trust, std::string const& host) {
    CHECK(make(trust.native()));
    SSL_set_connect_state(ssl_.get());
    SSL_set_hostflags(ssl_.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    boost::system::error_code name;
    asio::ip::make_address(host, name);
    bool const set = name ? SSL_set_tlsext_host_name(ssl_.get(), host.c_str()) == 1 &&
                                SSL_set1_host(ssl_.get(), host.c_str()) == 1
                          : X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), host.c_str()) == 1;
    if (!set) return Error{Errc::internal, fmt::format("cannot start TLS: {}", take_tls_reason())};
    return {};
}

std::string TlsConn::distrust() const {
    auto const result = SSL_get_verify_result(ssl_.get());
    return result == X509_V_OK ? std::string() : X509_verify_cert_error_string(result);
}

Error TlsConn::failure(int reason, std::string_view doing) {
    broken_ = true;
    if (bio_.error() != 0) return transport_.failure(bio_.error(), doing);
    auto const code = ERR_peek_last_error();
    bool const cut_off = ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
    if (reason != SSL_ERROR_SSL || cut_off) {
        ERR_clear_error();
        return transport_.failure(ECONNRESET, doing);
    }
    return {Errc::peer_closed, fmt::format("cannot {} the TLS connection with {}: {}", doing,
                                           transport_.peer(), take_tls_reason())};
}

Task<Result<>> TlsConn::settle(int code, std::string_view doing) {
    int const reason = SSL_get_error(ssl_.get(), code);
    if (reason == SSL_ERROR_WANT_READ) co_return co_await transport_.wait(Socket::wait_read);
    if (reason == SSL_ERROR_WANT_WRITE) co_return co_await transport_.wait(Socket::wait_write);
    co_return failure(reason, doing);
}

Task<Result<bool>> TlsConn::speaks_plain_http() {
    for (;;) {
        CO_CHECK(transport_.usable());
        unsigned char first = 0;
        auto const n = ::recv(transport_.fd(), &first, 1, MSG_PEEK | MSG_DONTWAIT);
        // A method begins with a letter, a TLS record with 22.
        if (n == 1) co_return std::isupper(first) != 0;
        if (n == 0) co_return transport_.failure(ECONNRESET, "read from");
        if (errno != EAGAIN && errno != EINTR) co_return transport_.failure(errno, "read from");
        CO_CHECK(co_await transport_.wait(Socket::wait_read));
    }
}

Task<Result<>> TlsConn::handshake() {
    for (;;) {
        CO_CHECK(transport_.usable());
        ERR_clear_error();
        int const code = SSL_do_handshake(ssl_.get());
        if (code == 1) co_return Result<>{};
        CO_CHECK(co_await settle(code, "establish"));
    }
}

Result<> TlsConn::identify() {
    auto* const certificate = SSL_get0_peer_certificate(ssl_.get());
    if (certificate == nullptr || (SSL_get_verify_mode(ssl_.get()) & SSL_VERIFY_PEER) == 0) return {};
    if (SSL_get_verify_result(ssl_.get()) != X509_V_OK || has_expired(certificate)) {
        return Error{Errc::peer_closed,
                     fmt::format("the TLS certificate of {} is no longer valid", transport_.peer())};
    }
    certificate_ = certificate_name(certificate);
    return {};
}

/// A connection may be open for longer than a certificate is good.
std::optional<std::string_view> TlsConn::tls_name() const noexcept {
    if (certificate_.empty() || has_expired(SSL_get0_peer_certificate(ssl_.get()))) return "";
    return certificate_;
}

Task<Result<std::size_t>> TlsConn::read_some(std::span<std::byte> out) {
    for (;;) {
        CO_CHECK(transport_.usable());
        ERR_clear_error();
        std::size_t size = 0;
        int const code = SSL_read_ex(ssl_.get(), out.data(), out.size(), &size);
        if (code == 1) {
            if (transport_.spend(size)) co_await asio::post(use_task);
            co_return size;
        }
        if (SSL_get_error(ssl_.get(), code) == SSL_ERROR_ZERO_RETURN) co_return std::size_t{0};
        CO_CHECK(co_await settle(code, "read from"));
    }
}

Task<Result<>> TlsConn::write(ConstBytes bytes, bool more) {
    while (!bytes.empty()) {
        CO_CHECK(transport_.usable());
        ERR_clear_error();
        bio_.set_more(more || bytes.size() > record);
        std::size_t size = 0;
        int const code = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &size);
        if (code == 1) {
            bytes = bytes.subspan(size);
            if (transport_.spend(size)) co_await asio::post(use_task);
        } else {
            CO_CHECK(co_await settle(code, "write to"));
        }
    }
    co_return Result<>{};
}

Task<Result<>> TlsConn::send_file(int fd, std::uint64_t offset, std::uint64_t length) {
    auto const size = static_cast<std::size_t>(std::min<std::uint64_t>(length, tls_file_buffer));
    auto const buffer = std::make_unique_for_overwrite<std::byte[]>(size);
    while (length > 0) {
        auto const wanted = static_cast<std::size_t>(std::min<std::uint64_t>(length, size));
        auto const n = ::pread(fd, buffer.get(), wanted, static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) co_return system_error(errno, "cannot read a file being sent");
        if (n == 0)
            co_return Error{Errc::io, fmt::format("a file being sent ended {} early", counted_bytes(length))};
        auto const got = static_cast<std::size_t>(n);
        offset += got;
        length -= got;
        CO_CHECK(co_await write(ConstBytes(buffer.get(), got), length > 0));
    }
    co_return Result<>{};
}

bool TlsConn::readable() {
    if (broken_ || !transport_.socket().is_open()) return true;
    ERR_clear_error();
    char next = 0;
    std::size_t size = 0;
    // Takes in what is not for us, such as new session tickets.
    int const code = SSL_peek_ex(ssl_.get(), &next, 1, &size);
    if (code == 1) return true;
    int const reason = SSL_get_error(ssl_.get(), code);
    if (reason == SSL_ERROR_WANT_READ) return false;
    if (reason == SSL_ERROR_SSL || reason == SSL_ERROR_SYSCALL) broken_ = true;
    ERR_clear_error();
    return true;
}

Task<> TlsConn::finish_writing() {
    while (!broken_ && transport_.usable()) {
        ERR_clear_error();
        bio_.set_more(false);
        int const code = SSL_shutdown(ssl_.get());
        if (code >= 0) break;
        auto const waited = co_await settle(code, "finish");
        if (!waited) break;
    }
    boost::system::error_code ignored;  // A stream that is gone has nothing left to finish.
    transport_.socket().shutdown(Socket::shutdown_send, ignored);
}

/// Answers, then reads on until the client has closed: closing first would reset the connection and take the
/// answer back.
Task<> refuse_plain_http(Socket socket, std::string_view answer, std::chrono::milliseconds limit) {
    auto const conn = make_tcp_conn(std::move(socket));
    conn->expires_after(limit);
    auto const written = co_await conn->write(std::as_bytes(std::span(answer)));
    if (!written) co_return;
    co_await conn->finish_writing();
    std::array<std::byte, 4096> rest;
    for (std::size_t swallowed = 0; swallowed < request_swallowed;) {
        auto const size = co_await conn->read_some(rest);
        if (!size || *size == 0) co_return;
        swallowed += *size;
    }
}

}  // namespace

Task<Result<std::unique_ptr<Conn>>> accept_tls(Socket socket, std::shared_ptr<TlsContext> context,
                                               std::chrono::milliseconds handshake_limit,
                                               std::string_view to_plain_http) {
    auto conn = std::make_unique<TlsConn>(std::move(socket));
    conn->expires_after(handshake_limit);
    CO_TRY(auto const plain, co_await conn->speaks_plain_http());
    if (plain) {
        co_await refuse_plain_http(conn->release(), to_plain_http, handshake_limit);
        co_return Error{Errc::bad_request,
                        fmt::format("{} spoke plain HTTP to a port that speaks HTTPS", conn->peer())};
    }
    CO_CHECK(conn->prepare(*context));
    CO_CHECK(co_await conn->handshake());
    CO_CHECK(conn->identify());
    conn->expires_after(std::chrono::milliseconds::zero());
    co_return Result<std::unique_ptr<Conn>>(std::move(conn));
}

Task<Result<std::unique_ptr<Conn>>> connect_tls(Socket socket, std::shared_ptr<TlsTrust> trust,
                                                std::string host, std::chrono::milliseconds handshake_limit) {
    auto conn = std::make_unique<TlsConn>(std::move(socket));
    conn->expires_after(handshake_limit);
    CO_CHECK(conn->prepare(*trust, host));
    auto shaken = co_await conn->handshake();
    if (shaken.has_error()) {
        auto const distrust = conn->distrust();
        if (distrust.empty()) co_return std::move(shaken).error();
        co_return Error{Errc::unavailable,
                        fmt::format("the TLS certificate of {} is not trusted: {}", host, distrust)};
    }
    co_return Result<std::unique_ptr<Conn>>(std::move(conn));
}

}  // namespace ocilot::net
