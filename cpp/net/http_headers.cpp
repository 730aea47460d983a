#include "net/http_headers.h"

#include <algorithm>

namespace ocilot::net {

namespace {

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) noexcept {
    return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<std::string_view> find_header(HttpHeaders const& headers, std::string_view name) noexcept {
    for (auto const& [key, value] : headers) {
        if (same_name(key, name)) return value;
    }
    return std::nullopt;
}

}  // namespace ocilot::net
