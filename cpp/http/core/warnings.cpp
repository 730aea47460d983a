#include "http/core/warnings.h"

#include <fmt/format.h>

namespace ocilot::http {

namespace {

constexpr std::string_view name = "Warning";
constexpr std::size_t max_bytes = 4096;    // Of all header lines together.
constexpr std::size_t line_bytes = 11;     // "Warning: " and the line's end.
constexpr std::size_t reserve_bytes = 64;  // For the line that counts the others.

/// `299 - "text"`, the text as a quoted-string (RFC 9110 5.6.4) of printable ASCII.
std::string value(std::string_view text) {
    std::string out = "299 - \"";
    for (char const c : text) {
        if (c == '"' || c == '\\') out.push_back('\\');
        out.push_back(c >= ' ' && c <= '~' ? c : '?');
    }
    out.push_back('"');
    return out;
}

}  // namespace

void add_warnings(Response& response, std::vector<std::string> const& texts) {
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        auto line = value(texts[i]);
        bytes += line_bytes + line.size();
        if (bytes > max_bytes - reserve_bytes) {
            response.set(name, value(fmt::format("and {} more", texts.size() - i)));
            return;
        }
        response.set(name, std::move(line));
    }
}

}  // namespace ocilot::http
