#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ocilot {

/// The word that agrees with a number: `agreeing(1, "is", "are")` is `is`, and `are` for any other number.
[[nodiscard]] constexpr std::string_view agreeing(std::uint64_t number, std::string_view one,
                                                  std::string_view many) noexcept {
    return number == 1 ? one : many;
}

/// A number with its thing, as English writes it: `1 change`, `2 changes`, `0 changes`.
[[nodiscard]] std::string counted(std::uint64_t number, std::string_view one, std::string_view many);

/// The same for the thing that most numbers are of: `1 byte`, `2 bytes`.
[[nodiscard]] std::string counted_bytes(std::uint64_t number);

}  // namespace ocilot
