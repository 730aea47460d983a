#include "http/core/header.h"
#include "promise.h"
#include "server/head_scanner.h"
#include "server/request_parser.h"
#include "targets.h"

#include <algorithm>

namespace ocilot::fuzz {

namespace {

using Scanned = Result<std::optional<std::size_t>>;

Scanned scan_in_pieces(server::Limits const& limits, std::string_view input) {
    server::HeadScanner scanner(limits);
    Scanned found = std::optional<std::size_t>();
    for (std::size_t size = 1; size <= input.size() && found.has_value() && !*found; ++size) {
        found = scanner.scan(input.substr(0, size));
    }
    return found;
}

bool same(Scanned const& a, Scanned const& b) {
    if (a.has_error() || b.has_error())
        return a.has_error() && b.has_error() && a.error().code == b.error().code;
    return *a == *b;
}

bool is_token(std::string_view text) {
    static constexpr std::string_view separators = "\"(),/:;<=>?@[\\]{}";
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return c > ' ' && c < 0x7f && separators.find(c) == separators.npos;
    });
}

void check_head(server::RequestHead const& head, std::string_view text) {
    promise(head.target.starts_with('/') || head.target == "*", "a target is a path");
    promise(is_token(head.method_text), "a method is a token");
    promise(!(head.chunked && head.content_length), "a body has one length");
    std::size_t hosts = 0;
    std::size_t lengths = 0;
    for (auto const& [key, value] : head.headers) {
        promise(is_token(key), "a header name is a token");
        promise((inside(key, text) || key == "Host") && (value.empty() || inside(value, text)),
                "a head borrows its text");
        promise(value.find_first_of(std::string_view("\r\n\0", 3)) == value.npos, "a value is one line");
        promise(!value.starts_with(' ') && !value.ends_with(' '), "a value has no blanks around it");
        if (http::same_token(key, "Host")) ++hosts;
        if (!http::same_token(key, "Content-Length")) continue;
        promise(++lengths == 1, "a length is sent once");
        promise(head.content_length.has_value(), "a length that was sent is known");
        promise(value.find_first_not_of("0123456789") == value.npos, "a length is a number");
        promise(std::stoull(std::string(value)) == *head.content_length, "it is the number that was sent");
    }
    promise(hosts == 1 || (hosts == 0 && head.http_1_0), "a request has one host");
    promise(head.has_body() || !head.expects_continue, "nobody is invited to send nothing");
}

}  // namespace

void head(std::string_view input) {
    server::Limits const limits{.head = 2048, .request_line = 512};
    server::HeadScanner scanner(limits);
    auto const found = scanner.scan(input);
    auto const in_pieces = scan_in_pieces(limits, input);
    // An oversized head is refused as soon as it is noticed, and in pieces that is earlier.
    bool const too_long = in_pieces.has_error() && in_pieces.error().code != Errc::bad_request;
    promise(too_long || same(found, in_pieces), "how the bytes arrive does not matter");
    if (found.has_error() || !*found) return;
    promise(**found <= limits.head && **found <= input.size(), "a head is inside its limit");
    auto const text = input.substr(0, **found);
    promise(text.ends_with("\r\n\r\n"), "a head ends in an empty line");
    server::RequestParser parser;
    auto const head = parser.parse(text);
    if (head.has_value()) {
        check_head(*head, text);
    } else {
        auto const code = head.error().code;
        promise(code == Errc::bad_request || code == Errc::not_implemented, "a bad head is a bad request");
    }
}

}  // namespace ocilot::fuzz
