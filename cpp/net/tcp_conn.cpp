#include "net/tcp_conn.h"

#include "base/counted.h"
#include "net/transport.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <csignal>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <sys/sendfile.h>
#include <sys/socket.h>

namespace ocilot::net {

namespace {

constexpr std::uint64_t slice = 2 * 1024 * 1024;  // Bytes; the longest one sendfile(2) holds the thread.

constexpr std::uint64_t worth_a_cork = 128 * 1024;  // Bytes.

/// While it lives the kernel sends full segments only. Without it every 64 KiB that sendfile(2) hands on end
/// in a segment of their own, as TCP_NODELAY asks, and a fast network sees twice the packets.
class Cork {
  public:
    explicit Cork(Transport& transport) noexcept : transport_(transport) { set(1); }
    ~Cork() { set(0); }
    Cork(Cork const&) = delete;
    Cork& operator=(Cork const&) = delete;

  private:
    // Advice: a socket that cannot do it, or is closed by now, sends as it did.
    void set(int on) const noexcept { ::setsockopt(transport_.fd(), IPPROTO_TCP, TCP_CORK, &on, sizeof(on)); }
    Transport& transport_;
};

class TcpConn final : public Conn {
  public:
    explicit TcpConn(Socket socket) : transport_(std::move(socket)) {}

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

  private:
    Transport transport_;
    // The last read took all there was, so the next one need not try first; false at the end of the stream.
    bool drained_ = true;
};

Task<Result<std::size_t>> TcpConn::read_some(std::span<std::byte> out) {
    CO_CHECK(transport_.usable());
    if (!drained_) {
        auto const n = ::recv(transport_.fd(), out.data(), out.size(), MSG_DONTWAIT);
        if (n >= 0) {
            auto const size = static_cast<std::size_t>(n);
            drained_ = size > 0 && size < out.size();
            transport_.count_received(size);
            if (transport_.spend(size)) co_await asio::post(use_task);
            co_return size;
        }
        if (errno != EAGAIN && errno != EINTR) co_return transport_.failure(errno, "read from");
    }
    // Asio's own read waits without the epoll_ctl(2) that async_wait costs.
    auto const buffer = asio::buffer(out.data(), out.size());
    auto const [failed, size] =
        co_await transport_.socket().async_read_some(buffer, asio::as_tuple(use_task));
    drained_ = size > 0 && size < out.size();
    transport_.count_received(size);
    if (failed == asio::error::eof) co_return std::size_t{0};
    if (failed) co_return transport_.failure(failed.value(), "read from");
    co_return size;
}

Task<Result<>> TcpConn::write(ConstBytes bytes, bool more) {
    int const flags = MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0);
    while (!bytes.empty()) {
        CO_CHECK(transport_.usable());
        auto const n = ::send(transport_.fd(), bytes.data(), bytes.size(), flags);
        if (n >= 0) {
            auto const size = static_cast<std::size_t>(n);
            bytes = bytes.subspan(size);
            transport_.count_sent(size);
            if (transport_.spend(size)) co_await asio::post(use_task);
        } else if (errno == EAGAIN) {
            CO_CHECK(co_await transport_.wait(Socket::wait_write));
        } else if (errno != EINTR) {
            co_return transport_.failure(errno, "write to");
        }
    }
    co_return Result<>{};
}

Task<Result<>> TcpConn::send_file(int fd, std::uint64_t offset, std::uint64_t length) {
    auto position = static_cast<off_t>(offset);
    std::optional<Cork> cork;
    if (length >= worth_a_cork) cork.emplace(transport_);
    while (length > 0) {
        CO_CHECK(transport_.usable());
        auto const n = ::sendfile(transport_.fd(), fd, &position, std::min(length, slice));
        if (n > 0) {
            auto const size = static_cast<std::size_t>(n);
            length -= size;
            transport_.count_sent(size);
            if (transport_.spend(size)) co_await asio::post(use_task);
        } else if (n == 0) {
            co_return Error{Errc::io, fmt::format("a file being sent ended {} early", counted_bytes(length))};
        } else if (errno == EAGAIN) {
            CO_CHECK(co_await transport_.wait(Socket::wait_write));
        } else if (errno != EINTR) {
            co_return transport_.failure(errno, "send a file over");
        }
    }
    co_return Result<>{};
}

bool TcpConn::readable() {
    char next = 0;
    return ::recv(transport_.fd(), &next, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN;
}

Task<> TcpConn::finish_writing() {
    boost::system::error_code ignored;  // A stream that is gone has nothing left to finish.
    transport_.socket().shutdown(Socket::shutdown_send, ignored);
    co_return;
}

void block_sigpipe() {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

}  // namespace

std::unique_ptr<Conn> make_tcp_conn(Socket socket) {
    block_sigpipe();
    return std::make_unique<TcpConn>(std::move(socket));
}

}  // namespace ocilot::net
