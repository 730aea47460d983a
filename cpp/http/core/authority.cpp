#include "http/core/authority.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace ocilot::http {

namespace {

constexpr std::size_t longest_host = 255;  // A DNS name.
constexpr std::string_view name_characters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_";
constexpr std::string_view address_characters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.:%-_";

bool consists_of(std::string_view text, std::string_view characters) noexcept {
    return !text.empty() && text.size() <= longest_host &&
           text.find_first_not_of(characters) == std::string_view::npos;
}

}  // namespace

bool is_port(std::string_view text) noexcept {
    std::uint16_t port = 0;
    auto const* const end = text.data() + text.size();
    auto const [stopped, failed] = std::from_chars(text.data(), end, port);
    return failed == std::errc{} && stopped == end && port != 0;
}

std::optional<Authority> parse_authority(std::string_view text) noexcept {
    bool const numeric = text.starts_with('[');
    auto const closing = numeric ? text.find(']') : 0;
    if (closing == std::string_view::npos) return std::nullopt;
    auto const end = numeric ? closing + 1 : std::min(text.find(':'), text.size());
    Authority found{text.substr(0, end), {}};
    bool const is_host = numeric ? consists_of(text.substr(1, closing - 1), address_characters)
                                 : consists_of(found.host, name_characters);
    if (!is_host) return std::nullopt;
    auto const rest = text.substr(end);
    if (rest.empty()) return found;
    if (!rest.starts_with(':')) return std::nullopt;
    found.port = rest.substr(1);
    if (!found.port.empty() && !is_port(found.port)) return std::nullopt;
    return found;
}

std::optional<AbsoluteTarget> split_absolute(std::string_view target) noexcept {
    if (target.starts_with('/')) return std::nullopt;
    auto const scheme = target.find("://");
    if (scheme == std::string_view::npos || scheme > target.find('?')) return std::nullopt;
    auto const after = target.substr(scheme + 3);
    auto const authority = after.substr(0, after.find_first_of("/?#"));
    return AbsoluteTarget{target.substr(0, scheme), authority, after.substr(authority.size())};
}

}  // namespace ocilot::http
