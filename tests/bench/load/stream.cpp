#include "stream.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <new>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdexcept>
#include <unistd.h>
#include <utility>

namespace ocilot::load {

namespace {

bool is_address(std::string const& host) {
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    return ::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
           ::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

}  // namespace

Target::Target(std::string const& host, std::uint16_t port, bool tls) : host_{host} {
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICSERV;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (int const problem = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found)) {
        throw std::runtime_error("the host " + host + " has no address: " + ::gai_strerror(problem));
    }
    std::memcpy(&address_, found->ai_addr, found->ai_addrlen);
    address_size_ = found->ai_addrlen;
    ::freeaddrinfo(found);
    if (!tls) return;
    tls_ = {SSL_CTX_new(TLS_client_method()), SSL_CTX_free};
    if (!tls_) throw std::bad_alloc();
    SSL_CTX_set_mode(tls_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    // Many records a system call instead of two calls a record.
    SSL_CTX_set_read_ahead(tls_.get(), 1);
    SSL_CTX_set_default_read_buffer_len(tls_.get(), std::size_t{128} * 1024);
}

Stream::Stream(Target const& target) {
    fd_ = ::socket(target.address()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) return;
    int const on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(fd_, target.address(), target.address_size()) != 0 && errno != EINPROGRESS) {
        close();
        return;
    }
    if (target.tls() == nullptr) return;
    tls_ = SSL_new(target.tls());
    if (tls_ == nullptr) throw std::bad_alloc();
    SSL_set_fd(tls_, fd_);
    SSL_set_connect_state(tls_);
    if (!is_address(target.host())) SSL_set_tlsext_host_name(tls_, target.host().c_str());
}

Stream::Stream(Stream&& other) noexcept
    : fd_{std::exchange(other.fd_, -1)},
      tls_{std::exchange(other.tls_, nullptr)},
      connected_{std::exchange(other.connected_, false)} {}

Stream& Stream::operator=(Stream&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(tls_, other.tls_);
    std::swap(connected_, other.connected_);
    return *this;
}

void Stream::close() noexcept {
    if (tls_ != nullptr) SSL_free(std::exchange(tls_, nullptr));
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    connected_ = false;
}

Stream::State Stream::connect() {
    if (!connected_) {
        int problem = 0;
        socklen_t size = sizeof problem;
        ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &problem, &size);
        if (problem != 0) {
            errno = problem;
            return State::closed;
        }
        connected_ = true;
    }
    if (tls_ == nullptr) return State::done;
    return tls_outcome(SSL_do_handshake(tls_), 0).state;
}

Stream::Outcome Stream::tls_outcome(int result, std::size_t bytes) {
    if (result > 0) return {State::done, bytes};
    int const problem = SSL_get_error(tls_, result);
    ERR_clear_error();
    if (problem == SSL_ERROR_WANT_READ) return {State::wait_read};
    if (problem == SSL_ERROR_WANT_WRITE) return {State::wait_write};
    return {State::closed};
}

Stream::Outcome Stream::read(std::span<char> out) {
    if (tls_ != nullptr) {
        std::size_t bytes = 0;
        int const result = SSL_read_ex(tls_, out.data(), out.size(), &bytes);
        return tls_outcome(result, bytes);
    }
    auto const bytes = ::recv(fd_, out.data(), out.size(), 0);
    if (bytes > 0) return {State::done, static_cast<std::size_t>(bytes)};
    return {bytes < 0 && errno == EAGAIN ? State::wait_read : State::closed};
}

Stream::Outcome Stream::discard(std::size_t most) {
    auto const bytes = ::recv(fd_, nullptr, most, MSG_TRUNC);
    if (bytes > 0) return {State::done, static_cast<std::size_t>(bytes)};
    return {bytes < 0 && errno == EAGAIN ? State::wait_read : State::closed};
}

bool Stream::buffered() const noexcept {
    return tls_ != nullptr && SSL_has_pending(tls_) == 1;
}

Stream::Outcome Stream::write(std::span<iovec const> pieces) {
    if (tls_ != nullptr) {
        // One full record rather than one a piece.
        std::array<char, SSL3_RT_MAX_PLAIN_LENGTH> record;
        std::size_t filled = 0;
        for (auto const& piece : pieces) {
            auto const taken = std::min(piece.iov_len, record.size() - filled);
            std::memcpy(record.data() + filled, piece.iov_base, taken);
            filled += taken;
        }
        std::size_t bytes = 0;
        int const result = SSL_write_ex(tls_, record.data(), filled, &bytes);
        return tls_outcome(result, bytes);
    }
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces.data());
    message.msg_iovlen = pieces.size();
    auto const bytes = ::sendmsg(fd_, &message, MSG_NOSIGNAL);
    if (bytes > 0) return {State::done, static_cast<std::size_t>(bytes)};
    return {bytes < 0 && errno == EAGAIN ? State::wait_write : State::closed};
}

}  // namespace ocilot::load
