#include "net/address.h"

#include <charconv>
#include <cstring>
#include <fmt/format.h>
#include <optional>

namespace ocilot::net {

namespace {

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return port;
}

Error refuse(std::string_view text, std::string_view why) {
    return {Errc::config,
            fmt::format(
                "invalid address \"{}\": {}; expected an address such as 127.0.0.1:5000, :5000 or [::1]:5000",
                text, why)};
}

std::optional<Tcp::endpoint> as_tcp(Endpoint const& endpoint) {
    auto const family = endpoint.protocol().family();
    if (family != AF_INET && family != AF_INET6) return std::nullopt;
    Tcp::endpoint tcp;
    tcp.resize(endpoint.size());
    std::memcpy(tcp.data(), endpoint.data(), endpoint.size());
    return tcp;
}

bool is_host(std::string_view host) {
    for (char const c : host) {
        if (c <= ' ' || c == 127 || c == '/' || c == '[' || c == ']' || c == '@') return false;
    }
    return true;
}

}  // namespace

Result<Address> parse_address(std::string_view text) {
    auto const colon = text.rfind(':');
    if (colon == std::string_view::npos) return refuse(text, "missing port");
    auto const port = parse_port(text.substr(colon + 1));
    if (!port) return refuse(text, "the port is not a number from 0 to 65535");

    auto host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
        boost::system::error_code malformed;
        asio::ip::make_address_v6(std::string(host), malformed);
        if (malformed) return refuse(text, "no IPv6 address between the brackets");
    } else if (host.find(':') != std::string_view::npos) {
        return refuse(text, "an IPv6 address needs brackets");
    } else if (!is_host(host)) {
        return refuse(text, "the host is neither an address nor a name");
    }
    return Address{std::string(host), *port};
}

std::string format_endpoint(Endpoint const& endpoint) {
    auto const tcp = as_tcp(endpoint);
    if (!tcp) return "local";
    auto address = tcp->address();
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
    }
    auto const text = address.to_string();
    if (address.is_v6()) return fmt::format("[{}]:{}", text, tcp->port());
    return fmt::format("{}:{}", text, tcp->port());
}

std::uint16_t port_of(Endpoint const& endpoint) {
    auto const tcp = as_tcp(endpoint);
    return tcp ? tcp->port() : std::uint16_t{0};
}

std::string_view without_port(std::string_view endpoint) noexcept {
    auto host = endpoint.substr(0, endpoint.rfind(':'));
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    return host;
}

}  // namespace ocilot::net
