#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ocilot::net {

/// Header lines in order; a name may be there several times.
using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

/// First value of a header, case-insensitive; nullopt if absent.
[[nodiscard]] std::optional<std::string_view> find_header(HttpHeaders const& headers,
                                                          std::string_view name) noexcept;

/// Whether two names of headers or schemes are the same (ASCII, case-insensitive).
[[nodiscard]] bool same_name(std::string_view a, std::string_view b) noexcept;

}  // namespace ocilot::net
