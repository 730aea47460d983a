#pragma once

#include "base/result.h"
#include "net/socket.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace ocilot::net {

/// Where to listen, as configured.
struct Address {
    std::string host;  ///< name or numeric address without brackets; empty: every interface
    std::uint16_t port = 0;

    friend bool operator==(Address const&, Address const&) = default;
};

/// Reads `HOST:PORT`, `:PORT` or `[V6]:PORT`. config if it is none of these.
[[nodiscard]] Result<Address> parse_address(std::string_view text);

/// `203.0.113.9:40112` or `[2001:db8::1]:40112`; an IPv4 address mapped into IPv6 is written as IPv4; `local`
/// for a Unix-domain socket.
[[nodiscard]] std::string format_endpoint(Endpoint const& endpoint);

/// The port of a TCP endpoint; 0 of any other.
[[nodiscard]] std::uint16_t port_of(Endpoint const& endpoint);

/// `203.0.113.9` of `203.0.113.9:40112`, `2001:db8::1` of `[2001:db8::1]:40112`, `local` of
/// `local`.
[[nodiscard]] std::string_view without_port(std::string_view endpoint) noexcept;

}  // namespace ocilot::net
