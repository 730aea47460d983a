#pragma once

#include "base/result.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::net {

/// A set of addresses, as an operator writes them: `10.0.0.0/8`, `2001:db8::/32`, `192.0.2.7`.
class Networks {
  public:
    /// config naming the text that is none.
    static Result<Networks> parse(std::vector<std::string> const& texts);
    /// Whether a numeric address is in one of them; false for what is no address.
    [[nodiscard]] bool contains(std::string_view address) const noexcept;
    [[nodiscard]] bool empty() const noexcept { return networks_.empty(); }
    /// Whether `text` is a numeric address.
    [[nodiscard]] static bool is_address(std::string_view text) noexcept;

  private:
    /// An address of IPv6, or one of IPv4 mapped into it.
    using Bytes = std::array<std::uint8_t, 16>;
    struct Network {
        Bytes address;
        unsigned bits;  ///< that count, 0 to 128
    };
    static bool read(std::string_view text, Bytes& out, bool& is_v4) noexcept;

    std::vector<Network> networks_;
};

}  // namespace ocilot::net
