#include "server/access_log.h"

#include "base/json_text.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

namespace ocilot::server {

namespace {

constexpr std::size_t longest_value = 2048;  // Bytes.

void append_escaped(std::string& out, char c) {
    if (c == '"' || c == '\\') {
        out.push_back('\\');
        out.push_back(c);
    } else if (c >= ' ' && c < 0x7f) {
        out.push_back(c);
    } else {
        fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
    }
}

/// What a JSON string holds as it is, stands in a line as it is.
bool is_plain(std::string_view text) noexcept {
    return plain_in_json(text) == text.size();
}

void append_escaped(std::string& out, std::string_view text) {
    auto const shown = text.substr(0, longest_value);
    if (is_plain(shown)) {
        out += shown;
    } else {
        for (char const c : shown) append_escaped(out, c);
    }
    if (text.size() > longest_value) out += "...";
}

/// A word between spaces: a space in it is escaped too.
void append_word(std::string& out, std::string_view text) {
    if (text.empty()) {
        out += '-';
    } else if (is_plain(text) && text.find(' ') == std::string_view::npos) {
        out += text;
    } else {
        for (char const c : text.substr(0, longest_value)) {
            if (c == ' ') {
                out += "\\x20";
            } else {
                append_escaped(out, c);
            }
        }
    }
}

void append_quoted(std::string& out, std::string_view text) {
    out += " \"";
    append_escaped(out, text.empty() ? std::string_view("-") : text);
    out += '"';
}

void append_member(std::string& out, std::string_view key, std::string_view value) {
    out += ",\"";
    out += key;
    out += "\":";
    append_json_string(out, value.substr(0, longest_value));
}

void append_number(std::string& out, std::uint64_t number) {
    fmt::format_int const digits(number);
    out.append(digits.data(), digits.size());
}

/// `0.001234`.
void append_seconds(std::string& out, std::chrono::microseconds duration) {
    constexpr std::uint64_t million = 1'000'000;
    auto const whole = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
    append_number(out, whole / million);
    // A one in front keeps the zeros.
    fmt::format_int const digits(million + whole % million);
    out += '.';
    out.append(digits.data() + 1, digits.size() - 1);
}

double seconds(std::chrono::microseconds duration) {
    return std::chrono::duration<double>(duration).count();
}

}  // namespace

void append_combined(std::string& out, AccessEntry const& entry) {
    out += entry.peer;
    out += " - ";
    append_word(out, entry.user);
    out += " [";
    out += entry.clf;
    out += "] \"";
    if (!entry.method.empty()) {
        append_escaped(out, entry.method);
        out += ' ';
    }
    append_escaped(out, entry.target);
    if (!entry.protocol.empty()) out += ' ';
    out += entry.protocol;
    out += "\" ";
    append_number(out, entry.status);
    out += ' ';
    append_number(out, entry.body_bytes);
    append_quoted(out, entry.referer);
    append_quoted(out, entry.user_agent);
    out += ' ';
    out += entry.id;
    out += ' ';
    append_seconds(out, entry.duration);
    out += ' ';
    append_word(out, entry.kind);
    out += '\n';
}

void append_json(std::string& out, AccessEntry const& entry) {
    out += "{\"time\":";
    append_json_string(out, rfc3339(entry.at));
    append_member(out, "remote", entry.peer);
    append_member(out, "user", entry.user);
    append_member(out, "kind", entry.kind);
    append_member(out, "method", entry.method);
    append_member(out, "target", entry.target);
    append_member(out, "protocol", entry.protocol);
    fmt::format_to(std::back_inserter(out), ",\"status\":{},\"bytes\":{},\"seconds\":{:.6f}", entry.status,
                   entry.body_bytes, seconds(entry.duration));
    append_member(out, "referer", entry.referer);
    append_member(out, "user_agent", entry.user_agent);
    append_member(out, "request_id", entry.id);
    out += "}\n";
}

void AccessLog::write(AccessEntry const& entry) const {
    std::string line;
    line.reserve(384);
    if (format_ == LogFormat::json) {
        append_json(line, entry);
    } else {
        append_combined(line, entry);
    }
    sink_.write(line);
}

}  // namespace ocilot::server
