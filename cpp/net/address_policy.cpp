#include "net/address_policy.h"

#include <algorithm>
#include <optional>

namespace ocilot::net {

namespace {

namespace ip = boost::asio::ip;

/// IANA's special-purpose registries, without what is reachable everywhere.
Networks special() {
    return Networks::parse({
                               "0.0.0.0/8",      "10.0.0.0/8",      "100.64.0.0/10",   "127.0.0.0/8",
                               "169.254.0.0/16", "172.16.0.0/12",   "192.0.0.0/24",    "192.0.2.0/24",
                               "192.168.0.0/16", "198.18.0.0/15",   "198.51.100.0/24", "203.0.113.0/24",
                               "224.0.0.0/4",    "240.0.0.0/4",     "::/96",           "64:ff9b:1::/48",
                               "100::/64",       "2001::/23",       "2001:db8::/32",   "3fff::/20",
                               "5f00::/16",      "fc00::/7",        "fe80::/10",       "fec0::/10",
                               "ff00::/8",       "::ffff:0:0:0/96",
                           })
        .value();
}

ip::address_v4 part(ip::address_v6::bytes_type const& bytes, std::size_t at) {
    ip::address_v4::bytes_type four{};
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), four.size(), four.begin());
    return ip::address_v4(four);
}

/// The IPv4 address that a gateway makes of one of IPv6: mapped, NAT64 (RFC 6052), 6to4 (RFC 3056).
std::optional<ip::address_v4> embedded(ip::address_v6 const& address) {
    static constexpr std::array<unsigned char, 12> nat64{0, 0x64, 0xff, 0x9b};
    auto const bytes = address.to_bytes();
    if (address.is_v4_mapped() || std::equal(nat64.begin(), nat64.end(), bytes.begin()))
        return part(bytes, 12);
    if (bytes[0] == 0x20 && bytes[1] == 0x02) return part(bytes, 2);
    return std::nullopt;
}

}  // namespace

AddressPolicy AddressPolicy::any() {
    return AddressPolicy(true);
}

AddressPolicy AddressPolicy::public_only(Networks except) {
    AddressPolicy policy(false);
    policy.except_ = std::move(except);
    policy.refused_ = special();
    return policy;
}

bool AddressPolicy::allows(ip::address const& address) const {
    if (any_ || except_.contains(address.to_string())) return true;
    if (refused_.contains(address.to_string())) return false;
    auto const inner = address.is_v6() ? embedded(address.to_v6()) : std::nullopt;
    return !inner || allows(*inner);
}

}  // namespace ocilot::net
