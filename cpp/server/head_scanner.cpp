#include "server/head_scanner.h"

#include "base/counted.h"

#include <fmt/format.h>

namespace ocilot::server {

namespace {

constexpr char tls_handshake = 0x16;

Result<> check_first_byte(char first) {
    if (first == tls_handshake) {
        return Error{Errc::bad_request, "this port speaks plain HTTP, not TLS: use http:// or the TLS port"};
    }
    if (first <= ' ' || first == 0x7f) {
        return Error{Errc::bad_request, "not an HTTP request: expected a method at the start"};
    }
    return {};
}

Error line_too_long(std::size_t limit) {
    return {Errc::target_too_long,
            fmt::format("request line exceeds the limit of {}: shorten the path or send fewer parameters",
                        counted_bytes(limit))};
}

Error head_too_large(std::size_t limit) {
    return {Errc::header_too_large,
            fmt::format("request head exceeds the limit of {}: send fewer or shorter headers",
                        counted_bytes(limit))};
}

}  // namespace

Result<> HeadScanner::check_line(std::string_view line) const {
    if (line_start_ == 0) {
        if (line.size() > limits_.request_line) return line_too_long(limits_.request_line);
        if (line.starts_with("PRI * HTTP/2")) {
            return Error{Errc::bad_request, "this port speaks HTTP/1.1, not HTTP/2: use HTTP/1.1"};
        }
    } else if (line.front() == ' ' || line.front() == '\t') {
        return Error{Errc::bad_request,
                     "a header line starts with white space: send every header on one line"};
    }
    return {};
}

Result<std::optional<std::size_t>> HeadScanner::scan(std::string_view bytes) {
    if (scanned_ == 0 && !bytes.empty()) {
        CHECK(check_first_byte(bytes.front()));
    }
    for (;;) {
        auto const eol = bytes.find('\n', scanned_);
        if (eol == std::string_view::npos) break;
        if (eol == line_start_ || bytes[eol - 1] != '\r') {
            return Error{Errc::bad_request, "a line of the request head ends in LF: end every line in CRLF"};
        }
        auto const line = bytes.substr(line_start_, eol - 1 - line_start_);
        scanned_ = eol + 1;
        if (line.empty()) {
            if (scanned_ > limits_.head) return head_too_large(limits_.head);
            return std::optional(scanned_);
        }
        CHECK(check_line(line));
        line_start_ = scanned_;
    }
    scanned_ = bytes.size();
    if (line_start_ == 0 && bytes.size() > limits_.request_line) return line_too_long(limits_.request_line);
    if (bytes.size() >= limits_.head) return head_too_large(limits_.head);
    return std::optional<std::size_t>();
}

}  // namespace ocilot::server
