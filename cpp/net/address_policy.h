#pragma once

#include "net/networks.h"

#include <boost/asio/ip/address.hpp>

namespace ocilot::net {

/// Which addresses may be connected to, asked after each look-up of a name: whoever chooses a URL must not
/// reach services inside the operator's network with it.
class AddressPolicy {
  public:
    /// Every address.
    static AddressPolicy any();
    /// Addresses of the public internet: not loopback, link-local, private, shared, multicast or reserved,
    /// nor IPv6 addresses that embed such an IPv4 address. `except` are allowed all the same.
    static AddressPolicy public_only(Networks except = {});

    [[nodiscard]] bool allows(boost::asio::ip::address const& address) const;
    [[nodiscard]] bool allows_any() const noexcept { return any_; }

  private:
    explicit AddressPolicy(bool any) noexcept : any_(any) {}

    bool any_;
    Networks except_;
    Networks refused_;
};

}  // namespace ocilot::net
