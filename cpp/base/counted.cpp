#include "base/counted.h"

#include <fmt/format.h>

namespace ocilot {

std::string counted(std::uint64_t number, std::string_view one, std::string_view many) {
    return fmt::format("{} {}", number, agreeing(number, one, many));
}

std::string counted_bytes(std::uint64_t number) {
    return counted(number, "byte", "bytes");
}

}  // namespace ocilot
