#pragma once

#include <cstdint>
#include <string>

namespace ocilot::net {

/// An HTTP proxy.
struct Proxy {
    std::string host;  ///< name, or numeric address without brackets
    std::uint16_t port = 0;
    std::string authorization = {};  ///< value of `Proxy-Authorization`; empty: none

    friend bool operator==(Proxy const&, Proxy const&) = default;
};

}  // namespace ocilot::net
