#include "base/log.h"

#include "base/json_text.h"
#include "base/utf8.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <fmt/format.h>
#include <iterator>
#include <unistd.h>

namespace ocilot {

namespace {

bool is_plain(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\';
    });
}

/// Whether a character may end a line, steer a terminal or turn the direction of the text behind it: the C1
/// controls (NEL among them), the separators U+2028 and U+2029, and the marks, embeddings, overrides and
/// isolates of bidirectional text.
constexpr bool deceives(unsigned code) noexcept {
    return (code >= 0x80 && code < 0xA0) || code == 0x061C || code == 0x200E || code == 0x200F ||
           (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

/// Appends a well-formed UTF-8 sequence of two to four bytes; what deceives is escaped.
void append_sequence(std::string& out, std::string_view sequence) {
    auto const bits = [sequence](std::size_t at) { return static_cast<unsigned>(sequence[at]) & 0x3FU; };
    auto const first = static_cast<unsigned char>(sequence[0]);
    unsigned code = 0;
    if (sequence.size() == 2) code = (first & 0x1FU) << 6 | bits(1);
    if (sequence.size() == 3) code = (first & 0x0FU) << 12 | bits(1) << 6 | bits(2);
    if (deceives(code)) {
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", code);
    } else {
        out += sequence;
    }
}

void append_value(std::string& out, LogField const& field, bool json) {
    if (auto const* text = std::get_if<std::string_view>(&field.value)) {
        if (!json && is_plain(*text)) {
            out += *text;
        } else {
            append_json_string(out, *text);
        }
        return;
    }
    std::visit(
        [&out, json]<class V>(V const& value) {
            if constexpr (std::is_same_v<V, double>) {
                if (json && !std::isfinite(value)) {
                    out += "null";
                    return;
                }
            }
            if constexpr (!std::is_same_v<V, std::string_view>) {
                fmt::format_to(std::back_inserter(out), "{}", value);
            }
        },
        field.value);
}

}  // namespace

std::string_view to_string(LogLevel level) noexcept {
    switch (level) {
        case LogLevel::debug:
            return "debug";
        case LogLevel::info:
            return "info";
        case LogLevel::warn:
            return "warn";
        case LogLevel::error:
            return "error";
    }
    return "error";
}

void append_json_string(std::string& out, std::string_view text) {
    out.push_back('"');
    for (std::size_t i = 0; i < text.size();) {
        if (auto const plain = plain_in_json(text.substr(i)); plain > 0) {
            out.append(text, i, plain);
            i += plain;
            continue;
        }
        auto const c = static_cast<unsigned char>(text[i]);
        if (c >= 0x80) {
            auto const length = utf8_sequence_length(text.substr(i));
            if (length == 0) {
                out += "\xEF\xBF\xBD";
                ++i;
            } else {
                append_sequence(out, text.substr(i, length));
                i += length;
            }
            continue;
        }
        switch (c) {
            case '"':
                out += "\\\"";
                break;
            case '\\':
                out += "\\\\";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\r':
                out += "\\r";
                break;
            case '\t':
                out += "\\t";
                break;
            default:
                fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);
        }
        ++i;
    }
    out.push_back('"');
}

void FdSink::write(std::string_view line) {
    while (!line.empty()) {
        auto const wrote = ::write(fd_, line.data(), line.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) return;  // Nowhere left to say so.
        line.remove_prefix(static_cast<std::size_t>(wrote));
    }
}

void MemorySink::write(std::string_view line) {
    std::lock_guard const lock(mutex_);
    text_ += line;
}

std::string MemorySink::text() const {
    std::lock_guard const lock(mutex_);
    return text_;
}

namespace {

std::string line_of(bool json, Time now, LogLevel level, std::string_view message,
                    std::span<LogField const> fields) {
    std::string line = json ? "{\"time\":\"" : "time=";
    line += rfc3339(now);
    line += json ? "\",\"level\":\"" : " level=";
    line += to_string(level);
    line += json ? "\",\"msg\":" : " msg=";
    append_value(line, {"msg", message}, json);
    for (auto const& field : fields) {
        if (json) {
            line += ",\"";
            line += field.key;
            line += "\":";
        } else {
            line.push_back(' ');
            line += field.key;
            line.push_back('=');
        }
        append_value(line, field, json);
    }
    line += json ? "}\n" : "\n";
    return line;
}

}  // namespace

/// Never throws, so that every place that catches an exception can log it: without memory for a line there is
/// no line.
void Log::write(LogLevel level, std::string_view message, std::span<LogField const> fields) const {
    if (!is_enabled(level)) return;
    try {
        sink_.write(line_of(format_ == LogFormat::json, clock_.now(), level, message, fields));
    } catch (...) {  // NOLINT(bugprone-empty-catch): there is nowhere left to say so.
    }
}

}  // namespace ocilot
