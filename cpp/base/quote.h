#pragma once

#include <string>
#include <string_view>

namespace ocilot {

/// What a client sent, fit for an error message: in quotes, at most 64 bytes, printable ASCII only (anything
/// else shows as `?`, a cut as `...`).
[[nodiscard]] inline std::string quote(std::string_view text) {
    static constexpr std::size_t most = 64;
    std::string out = "\"";
    for (char const c : text.substr(0, most)) out.push_back(c >= ' ' && c <= '~' ? c : '?');
    if (text.size() > most) out += "...";
    out.push_back('"');
    return out;
}

}  // namespace ocilot
