#pragma once

#include "base/random.h"

#include <array>
#include <compare>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace ocilot {

/// A random (version 4) UUID, RFC 9562. Names an upload session or a request.
class Uuid {
  public:
    static Uuid random(Random& random);
    /// The canonical form only: 36 characters, lower-case hex, dashes at 8, 13, 18 and 23.
    static std::optional<Uuid> parse(std::string_view text) noexcept;

    [[nodiscard]] std::string str() const;
    [[nodiscard]] std::array<std::byte, 16> const& bytes() const noexcept { return bytes_; }

    friend auto operator<=>(Uuid const&, Uuid const&) = default;

  private:
    std::array<std::byte, 16> bytes_{};
};

}  // namespace ocilot

template <>
struct std::hash<ocilot::Uuid> {
    std::size_t operator()(ocilot::Uuid const& id) const noexcept;
};
