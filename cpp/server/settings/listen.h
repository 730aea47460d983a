#pragma once

#include <optional>
#include <string>
#include <vector>

namespace ocilot::server {

/// Addresses that are listened to. An address is `HOST:PORT`, `:PORT` or `[V6]:PORT`; port 0 takes a free
/// one; `localhost` is both loopback addresses.
struct ListenSettings {
    std::string address = "127.0.0.1:5000";  ///< empty: none, then only the control socket is served
    std::string debug_address;               ///< of `/metrics`, `/healthz`, `/readyz`; empty: on `address`
    std::string control_socket;              ///< path; empty: in `root`, none for a registry in memory
    unsigned threads = 0;                    ///< I/O contexts; 0: see usable_cores()
    /// Networks of proxies whose `Forwarded` and `X-Forwarded-*` tell how and from where a client comes.
    /// nullopt: loopback and private networks, and only how it comes, not its address.
    std::optional<std::vector<std::string>> trusted_proxies;
};

}  // namespace ocilot::server
