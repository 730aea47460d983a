#include "net/transport.h"

#include "net/address.h"

#include <boost/asio/as_tuple.hpp>
#include <cerrno>
#include <fmt/format.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>

namespace ocilot::net {

namespace {

constexpr std::size_t fair_share = 1024 * 1024;  // Bytes.

std::string peer_of(Socket const& socket) {
    boost::system::error_code gone;
    auto const endpoint = socket.remote_endpoint(gone);
    return gone ? std::string("a disconnected client") : format_endpoint(endpoint);
}

bool says_peer_is_gone(int errno_value) noexcept {
    switch (errno_value) {
        case EPIPE:
        case ECONNRESET:
        case ECONNABORTED:
        case ENOTCONN:
        case ETIMEDOUT:
        case EHOSTUNREACH:
        case ENETUNREACH:
        case ENETDOWN:
            return true;
        default:
            return false;
    }
}

}  // namespace

bool Transport::peer_closed() noexcept {
    pollfd asked{.fd = fd(), .events = POLLRDHUP, .revents = 0};
    return ::poll(&asked, 1, 0) != 0;
}

Transport::Transport(Socket socket)
    : socket_(std::move(socket)),
      peer_(peer_of(socket_)),
      deadline_(
          socket_.get_executor(),
          [this] {
              boost::system::error_code ignored;
              socket_.cancel(ignored);
          },
          [this] { return moved(); }) {
    // Fails on a Unix-domain socket, which delays nothing, and on one that is already dead: then the first
    // operation says so.
    boost::system::error_code ignored;
    socket_.set_option(Tcp::no_delay(true), ignored);
}

void Transport::close() noexcept {
    boost::system::error_code ignored;
    socket_.close(ignored);
}

Result<> Transport::usable() {
    if (socket_.is_open() && !deadline_.passed()) return {};
    return failure(ECANCELED, "use");
}

/// A slow reader may take less in a while than the kernel wants to have sent before it takes more from us;
/// and what has arrived may not have been read yet.
std::uint64_t Transport::moved() noexcept {
    int unsent = 0;
    int unread = 0;
    if (::ioctl(fd(), SIOCOUTQ, &unsent) != 0) unsent = 0;
    if (::ioctl(fd(), SIOCINQ, &unread) != 0) unread = 0;
    return received_ + static_cast<std::uint64_t>(unread) + sent_ - static_cast<std::uint64_t>(unsent);
}

Task<Result<>> Transport::wait(Socket::wait_type what) {
    spent_ = 0;
    deadline_.watch();
    auto const [failed] = co_await socket_.async_wait(what, asio::as_tuple(use_task));
    if (failed) co_return failure(failed.value(), "wait for");
    co_return usable();
}

bool Transport::spend(std::size_t bytes) noexcept {
    spent_ += bytes;
    if (spent_ < fair_share) return false;
    spent_ = 0;
    return true;
}

Error Transport::failure(int errno_value, std::string_view doing) {
    bool const stopped = errno_value == ECANCELED;
    if (stopped && socket_.is_open() && deadline_.passed()) {
        return {Errc::request_timeout, fmt::format("timeout of the connection with {}", peer_)};
    }
    if (stopped || !socket_.is_open()) {
        return {Errc::cancelled, fmt::format("the connection with {} was closed on this side", peer_)};
    }
    if (says_peer_is_gone(errno_value)) {
        return {Errc::peer_closed, fmt::format("{} closed the connection", peer_)};
    }
    return system_error(errno_value, fmt::format("cannot {} the connection with {}", doing, peer_));
}

}  // namespace ocilot::net
