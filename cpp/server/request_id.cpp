#include "server/request_id.h"

#include "base/hex.h"

#include <algorithm>
#include <array>

namespace ocilot::server {

std::string random_request_id(Random& random) {
    std::array<std::byte, 8> bytes;
    random.fill(bytes);
    std::string id;
    append_hex(id, bytes);
    return id;
}

bool is_sane_request_id(std::string_view id) noexcept {
    return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
               c == '_' || c == '-';
    });
}

}  // namespace ocilot::server
