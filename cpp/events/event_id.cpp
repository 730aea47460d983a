#include "events/event_id.h"

#include <fmt/format.h>

namespace ocilot::events {

std::string event_id(Time time, std::int64_t change, std::size_t index) {
    auto const micros = static_cast<std::uint64_t>(time.time_since_epoch().count());
    auto const millis = micros / 1000;  // 48 bits
    auto const rest = micros % 1000;    // 10 of 12 bits
    auto const id = static_cast<std::uint64_t>(change);
    // 62 bits: 52 of the id, 10 of the index; a change has at most a thousand tags and itself.
    auto const low = ((id << 10U) | (index & 0x3ffU)) & 0x3fff'ffff'ffff'ffffU;
    auto const variant = low | 0x8000'0000'0000'0000U;
    return fmt::format("{:08x}-{:04x}-8{:03x}-{:04x}-{:012x}", (millis >> 16U) & 0xffff'ffffU,
                       millis & 0xffffU, rest, variant >> 48U, variant & 0xffff'ffff'ffffU);
}

}  // namespace ocilot::events
