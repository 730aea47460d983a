#include "net/listener.h"

#include "net/address.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ocilot::net {

namespace {

using boost::system::error_code;

std::string_view advice(error_code const& failed) {
    switch (failed.value()) {
        case EADDRINUSE:
            return "address already in use; stop what listens there or choose another with --addr";
        case EACCES:
            return "permission denied; ports below 1024 are for root, choose another with --addr";
        case EADDRNOTAVAIL:
            return "this machine has no such address; choose another with --addr";
        default:
            return {};
    }
}

Error cannot_listen(std::string_view address, error_code const& failed) {
    auto const known = advice(failed);
    auto const why =
        known.empty() ? failed.message() + "; choose another address with --addr" : std::string(known);
    return {Errc::config, fmt::format("cannot listen on {}: {}", address, why)};
}

error_code try_listen(Acceptor& acceptor, Tcp::endpoint const& endpoint) {
    error_code failed;
    acceptor.open(endpoint.protocol(), failed);
    if (failed) return failed;
    if (::fcntl(acceptor.native_handle(), F_SETFD, FD_CLOEXEC) < 0) {
        return {errno, boost::system::system_category()};
    }
    // A restarted registry may bind while old connections linger; two listeners still cannot share a port.
    acceptor.set_option(asio::socket_base::reuse_address(true), failed);
    if (!failed && endpoint.address().is_v6()) {
        acceptor.set_option(asio::ip::v6_only(!endpoint.address().is_unspecified()), failed);
    }
    if (!failed) acceptor.non_blocking(true, failed);
    if (!failed) acceptor.bind(endpoint, failed);
    if (!failed) acceptor.listen(asio::socket_base::max_listen_connections, failed);
    return failed;
}

/// Host names are the same in any case.
bool is_localhost(std::string_view host) {
    constexpr std::string_view name = "localhost";
    return std::ranges::equal(host, name, [](char a, char b) { return (a | 0x20) == b; });
}

/// Resolves a host; of a name with both kinds of address the IPv4 one, which every client can reach.
Result<asio::ip::address> resolve(asio::io_context& context, std::string const& host,
                                  std::string_view address) {
    error_code failed;
    auto const numeric = asio::ip::make_address(host, failed);
    if (!failed) return numeric;
    if (is_localhost(host)) return asio::ip::address(asio::ip::address_v4::loopback());

    asio::ip::basic_resolver<Tcp, Executor> resolver(context);
    auto const found = resolver.resolve(host, "", failed);
    if (failed || found.empty()) {
        return Error{Errc::config, fmt::format("cannot listen on {}: the host name `{}` is not known; choose "
                                               "another with --addr",
                                               address, host)};
    }
    for (auto const& entry : found) {
        if (entry.endpoint().address().is_v4()) return entry.endpoint().address();
    }
    return found.begin()->endpoint().address();
}

/// Whether the machine has no addresses of this kind at all.
bool lacks_family(error_code const& failed) {
    return failed.value() == EAFNOSUPPORT || failed.value() == EADDRNOTAVAIL;
}

constexpr int max_tries = 16;  // For a port that is free on both addresses.

/// Adds a socket at each address that this machine has, all at the port of the first.
error_code try_both(asio::io_context& context, std::uint16_t port, std::vector<Acceptor>& acceptors) {
    error_code lacking;
    for (asio::ip::address const& host : {asio::ip::address(asio::ip::address_v4::loopback()),
                                          asio::ip::address(asio::ip::address_v6::loopback())}) {
        Acceptor acceptor(context);
        auto const failed = try_listen(acceptor, Tcp::endpoint(host, port));
        if (failed && !lacks_family(failed)) return failed;
        if (failed) {
            lacking = failed;
            continue;
        }
        if (port == 0) port = port_of(acceptor.local_endpoint());
        acceptors.push_back(std::move(acceptor));
    }
    return acceptors.empty() ? lacking : error_code();
}

/// accept(2) reports what went wrong on the wire before; such a connection is passed over.
bool concerns_one_connection(int error) {
    switch (error) {
        case EINTR:
        case ECONNABORTED:
        case EPERM:
        case EPROTO:
        case ENOPROTOOPT:
        case ENETDOWN:
        case ENETUNREACH:
        case EHOSTDOWN:
        case EHOSTUNREACH:
        case ENONET:
        case EOPNOTSUPP:
        case ETIMEDOUT:
            return true;
        default:
            return false;
    }
}

Error cannot_accept(int error) {
    if (error == ENOBUFS) return {Errc::unavailable, "cannot accept a connection: no memory for sockets"};
    return system_error(error, "cannot accept a connection");
}

}  // namespace

Result<Acceptor> listen(asio::io_context& context, std::string_view address) {
    TRY(auto const wanted, parse_address(address));
    Acceptor acceptor(context);
    if (wanted.host.empty()) {
        auto const failed = try_listen(acceptor, Tcp::endpoint(asio::ip::address_v6::any(), wanted.port));
        if (!failed) return acceptor;
        if (!lacks_family(failed)) return cannot_listen(address, failed);
        acceptor = Acceptor(context);
        auto const failed_too = try_listen(acceptor, Tcp::endpoint(asio::ip::address_v4::any(), wanted.port));
        if (failed_too) return cannot_listen(address, failed_too);
        return acceptor;
    }
    TRY(auto const host, resolve(context, wanted.host, address));
    auto const failed = try_listen(acceptor, Tcp::endpoint(host, wanted.port));
    if (failed) return cannot_listen(address, failed);
    return acceptor;
}

Result<std::vector<Acceptor>> listen_everywhere(asio::io_context& context, std::string_view address) {
    TRY(auto const wanted, parse_address(address));
    std::vector<Acceptor> acceptors;
    if (!is_localhost(wanted.host)) {
        TRY(auto acceptor, listen(context, address));
        acceptors.push_back(std::move(acceptor));
        return acceptors;
    }
    for (int tries = 1;; ++tries) {
        auto const failed = try_both(context, wanted.port, acceptors);
        if (!failed) return acceptors;
        acceptors.clear();
        bool const is_taken = failed.value() == EADDRINUSE;
        if (wanted.port != 0 || !is_taken || tries == max_tries) return cannot_listen(address, failed);
    }
}

Result<Acceptor> share(Acceptor& listening, asio::io_context& context) {
    error_code failed;
    auto const endpoint = listening.local_endpoint(failed);
    if (failed) return system_error(failed.value(), "cannot share the listening socket");
    int const fd = ::fcntl(listening.native_handle(), F_DUPFD_CLOEXEC, 0);
    if (fd < 0) return system_error(errno, "cannot share the listening socket");
    Acceptor acceptor(context);
    acceptor.assign(endpoint.protocol(), fd, failed);
    if (failed) {
        ::close(fd);
        return system_error(failed.value(), "cannot share the listening socket");
    }
    return acceptor;
}

Task<Result<Socket>> accept(Acceptor& acceptor) {
    for (;;) {
        if (!acceptor.is_open()) co_return Error{Errc::cancelled, "no longer listening"};
        sockaddr_storage peer{};
        socklen_t length = sizeof peer;
        int const fd = ::accept4(acceptor.native_handle(), reinterpret_cast<sockaddr*>(&peer), &length,
                                 SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            Socket socket(acceptor.get_executor());
            error_code failed;
            socket.assign(Stream(peer.ss_family, 0), fd, failed);
            if (!failed) co_return socket;
            ::close(fd);
            co_return cannot_accept(failed.value());
        }
        if (concerns_one_connection(errno)) continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK) co_return cannot_accept(errno);
        auto const [failed] = co_await acceptor.async_wait(Acceptor::wait_read, asio::as_tuple(use_task));
        if (failed == asio::error::operation_aborted) co_return Error{Errc::cancelled, "no longer listening"};
        if (failed) co_return cannot_accept(failed.value());
    }
}

}  // namespace ocilot::net
