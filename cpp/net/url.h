#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace ocilot::net {

/// Where something is that is fetched: an absolute http or https URL, taken apart.
struct Url {
    bool tls = true;
    std::string host;  ///< name in lower case, or numeric address without brackets
    std::uint16_t port = 443;
    std::string target = "/";  ///< path and query as written, at least `/`

    /// `https://host/path`: for messages, so without the query, which may hold a secret.
    [[nodiscard]] std::string shown() const;
    /// `https://host` or `https://host:port`: for messages where the path, too, may hold a secret.
    [[nodiscard]] std::string origin() const;
    /// All of it, query too: `https://host/path?query`.
    [[nodiscard]] std::string text() const;
    /// `host`, or `host:port` if the port is not the usual one; brackets around IPv6.
    [[nodiscard]] std::string authority() const;
    /// `host:port`; brackets around IPv6.
    [[nodiscard]] std::string host_and_port() const;
    [[nodiscard]] bool same_origin(Url const& other) const noexcept;
    /// Whether the host is this machine by its name: `localhost`, `127.…` or `::1`.
    [[nodiscard]] bool is_loopback() const noexcept;

    friend bool operator==(Url const&, Url const&) = default;
};

inline constexpr std::size_t longest_url = 8192;  ///< bytes

/// bad_request with the reason if it is no absolute URL of http or https in printable ASCII, or has a user in
/// it. A fragment is dropped.
[[nodiscard]] Result<Url> parse_url(std::string_view text);

/// What a `Location` means that was read at `base`: a URL, `//host/path`, `/path`, or a path beside that of
/// `base`. Errors as above.
[[nodiscard]] Result<Url> resolve_url(Url const& base, std::string_view reference);

}  // namespace ocilot::net
