#include "net/networks.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <fmt/format.h>
#include <netinet/in.h>

namespace ocilot::net {

namespace {

constexpr unsigned all_bits = 128;
constexpr unsigned v4_bits = 32;

bool same_bits(std::uint8_t const* one, std::uint8_t const* other, unsigned bits) {
    auto const whole = bits / 8;
    if (!std::equal(one, one + whole, other)) return false;
    auto const rest = bits % 8;
    if (rest == 0) return true;
    auto const mask = static_cast<std::uint8_t>(0xff << (8 - rest));
    return (one[whole] & mask) == (other[whole] & mask);
}

}  // namespace

bool Networks::read(std::string_view text, Bytes& out, bool& is_v4) noexcept {
    std::array<char, INET6_ADDRSTRLEN> room{};
    if (text.size() >= room.size()) return false;
    text.copy(room.data(), text.size());
    if (inet_pton(AF_INET6, room.data(), out.data()) == 1) {
        is_v4 = false;
        return true;
    }
    out = {};
    out[10] = out[11] = 0xff;
    is_v4 = inet_pton(AF_INET, room.data(), out.data() + 12) == 1;
    return is_v4;
}

bool Networks::is_address(std::string_view text) noexcept {
    Bytes bytes{};
    bool is_v4 = false;
    return read(text, bytes, is_v4);
}

Result<Networks> Networks::parse(std::vector<std::string> const& texts) {
    Networks out;
    for (auto const& text : texts) {
        auto const slash = text.find('/');
        Network network{};
        bool is_v4 = false;
        bool good = read(std::string_view(text).substr(0, slash), network.address, is_v4);
        unsigned const most = is_v4 ? v4_bits : all_bits;
        unsigned bits = most;
        if (slash != std::string::npos) {
            auto const* const end = text.data() + text.size();
            auto const [at, failed] = std::from_chars(text.data() + slash + 1, end, bits);
            good = good && failed == std::errc{} && at == end && bits <= most;
        }
        if (!good) {
            return Error{Errc::config, fmt::format("invalid network \"{}\": expected a network such as "
                                                   "10.0.0.0/8, 2001:db8::/32 or 192.0.2.7",
                                                   text)};
        }
        network.bits = bits + (all_bits - most);
        out.networks_.push_back(network);
    }
    return out;
}

bool Networks::contains(std::string_view address) const noexcept {
    Bytes bytes{};
    bool is_v4 = false;
    if (!read(address.substr(0, address.find('%')), bytes, is_v4)) return false;
    return std::ranges::any_of(networks_, [&](Network const& network) {
        return same_bits(bytes.data(), network.address.data(), network.bits);
    });
}

}  // namespace ocilot::net
