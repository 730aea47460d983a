#include "server/access_log.h"

#include <fmt/format.h>
#include <iterator>

namespace ocilot::server {

namespace {

constexpr std::size_t longest_value = 2048;  // Bytes.

void append_escaped(std::string& out, std::string_view text) {
    for (char const c : text.substr(0, longest_value)) {
        if (c == '"' || c == '\\') {
            out.push_back('\\');
            out.push_back(c);
        } else if (c >= ' ' && c < 0x7f) {
            out.push_back(c);
        } else {
            fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
        }
    }
    if (text.size() > longest_value) out += "...";
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

double seconds(std::chrono::microseconds duration) {
    return std::chrono::duration<double>(duration).count();
}

}  // namespace

void append_combined(std::string& out, AccessEntry const& entry) {
    auto const to = std::back_inserter(out);
    fmt::format_to(to, "{} - - [{}] \"", entry.peer, clf_time(entry.at));
    if (!entry.method.empty()) {
        append_escaped(out, entry.method);
        out += ' ';
    }
    append_escaped(out, entry.target);
    if (!entry.protocol.empty()) fmt::format_to(to, " {}", entry.protocol);
    fmt::format_to(to, "\" {} {}", entry.status, entry.body_bytes);
    append_quoted(out, entry.referer);
    append_quoted(out, entry.user_agent);
    fmt::format_to(to, " {} {:.6f}\n", entry.id, seconds(entry.duration));
}

void append_json(std::string& out, AccessEntry const& entry) {
    out += "{\"time\":";
    append_json_string(out, rfc3339(entry.at));
    append_member(out, "remote", entry.peer);
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
