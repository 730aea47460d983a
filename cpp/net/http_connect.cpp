#include "net/http_connect.h"

#include "net/dial.h"
#include "net/http_request_head.h"
#include "net/http_response_parser.h"
#include "net/tcp_conn.h"
#include "net/tls_conn.h"
#include "net/transport.h"

#include <boost/asio/ip/address.hpp>
#include <cerrno>
#include <fmt/format.h>
#include <sys/socket.h>

namespace ocilot::net {

namespace {

constexpr std::chrono::hours practically_for_ever{24};
constexpr std::size_t longest_proxy_head = 16 * 1024;  // Bytes.

std::chrono::milliseconds left(TimeBudget const& budget) {
    auto const limit = budget.left();
    return limit.count() > 0 ? limit : practically_for_ever;
}

/// Whether resolvers take a host for an IPv4 address, as 127.1 or 0x7f.1 (WHATWG URL, "ends in a number").
bool ends_in_number(std::string_view host) {
    if (host.ends_with('.')) host.remove_suffix(1);
    auto const last = host.substr(host.rfind('.') + 1);
    if (last.empty()) return false;
    static constexpr std::string_view digits = "0123456789";
    return last.find_first_not_of(digits) == last.npos || last.starts_with("0x") || last.starts_with("0X");
}

Result<> check_literal(HttpRoute const& route) {
    boost::system::error_code name;
    auto const address = asio::ip::make_address(route.url.host, name);
    if (name && !route.addresses->allows_any() && ends_in_number(route.url.host)) {
        return Error{Errc::denied,
                     fmt::format("host {} is an IPv4 address in an unusual notation: write it as "
                                 "four decimal numbers",
                                 route.url.host)};
    }
    if (name || route.addresses->allows(address)) return {};
    return Error{Errc::denied,
                 fmt::format("address {} is not public, and only connections to public addresses are allowed",
                             route.url.host)};
}

Task<Result<>> write_all(Transport& transport, std::string_view text) {
    while (!text.empty()) {
        CO_CHECK(transport.usable());
        auto const n = ::send(transport.fd(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n >= 0) {
            text.remove_prefix(static_cast<std::size_t>(n));
        } else if (errno == EAGAIN) {
            CO_CHECK(co_await transport.wait(Socket::wait_write));
        } else if (errno != EINTR) {
            co_return transport.failure(errno, "write to");
        }
    }
    co_return Result<>();
}

Task<Result<>> read_head(Transport& transport, HttpResponseParser& parser) {
    while (!parser.head_done()) {
        CO_CHECK(transport.usable());
        auto const room = parser.room();
        auto const n = ::recv(transport.fd(), room.data(), room.size(), MSG_DONTWAIT);
        if (n >= 0) {
            CO_CHECK(parser.received(static_cast<std::size_t>(n)));
        } else if (errno == EAGAIN) {
            CO_CHECK(co_await transport.wait(Socket::wait_read));
        } else if (errno != EINTR) {
            co_return transport.failure(errno, "read from");
        }
    }
    co_return Result<>();
}

Error refused_by(Proxy const& proxy, std::string_view why) {
    return {Errc::unavailable, fmt::format("the proxy {}:{} {}", proxy.host, proxy.port, why)};
}

/// Has a proxy connect to the host of the route, so that what follows goes there.
Task<Result<Socket>> open_tunnel(Socket socket, HttpRoute const& route, TimeBudget budget) {
    Transport transport(std::move(socket));
    transport.expires_after(budget.left());
    auto const request = connect_head(route.url, *route.proxy);
    CO_CHECK(co_await write_all(transport, request));
    HttpResponseParser parser(HttpResponseParser::Body::none, {.head = longest_proxy_head, .body = 0});
    CO_CHECK(co_await read_head(transport, parser));
    auto const status = parser.head().status;
    if (status == 407) {
        co_return refused_by(*route.proxy, "asks for credentials: set user:password@ in the proxy's URL");
    }
    if (status < 200 || status > 299) {
        co_return refused_by(*route.proxy, fmt::format("refused the connection with status {}", status));
    }
    if (parser.has_more()) co_return refused_by(*route.proxy, "sent more than its response");
    transport.expires_after(std::chrono::milliseconds::zero());
    co_return Result<Socket>(transport.release());
}

}  // namespace

Task<Result<std::unique_ptr<Conn>>> connect(HttpRoute route, TimeBudget budget) {
    auto const* const proxy = route.proxy;
    auto const anywhere = AddressPolicy::any();
    if (proxy != nullptr) {
        CO_CHECK(check_literal(route));
    }
    auto const& host = proxy != nullptr ? proxy->host : route.url.host;
    auto const port = proxy != nullptr ? proxy->port : route.url.port;
    auto const& policy = proxy != nullptr ? anywhere : *route.addresses;
    CO_TRY(auto socket, co_await dial(host, port, policy, left(budget)));
    if (!route.url.tls) co_return Result<std::unique_ptr<Conn>>(make_tcp_conn(std::move(socket)));
    if (proxy != nullptr) {
        CO_TRY(socket, co_await open_tunnel(std::move(socket), route, budget));
    }
    if (!route.trust) co_return Error{Errc::denied, "https is not set up for these requests"};
    co_return co_await connect_tls(std::move(socket), route.trust, route.url.host, left(budget));
}

}  // namespace ocilot::net
