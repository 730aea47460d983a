#include "net/http_request_head.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fmt/format.h>
#include <iterator>

namespace ocilot::net {

namespace {

constexpr std::string_view marks = "!#$%&'*+-.^_`|~";  // That a token may hold besides letters and digits.

constexpr std::string_view user_agent = "ocilot";

constexpr std::array<std::string_view, 11> own_headers{
    "Host", "Content-Length",   "Transfer-Encoding", "Connection",          "Keep-Alive", "Upgrade",
    "TE",   "Proxy-Connection", "Trailer",           "Proxy-Authorization", "Expect"};

constexpr std::array<std::string_view, 10> for_any_origin{
    "Accept",        "Accept-Encoding", "Accept-Language",     "If-Match", "If-Modified-Since",
    "If-None-Match", "Range",           "If-Unmodified-Since", "If-Range", "User-Agent"};

constexpr std::array<std::string_view, 6> idempotent{"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"};

bool is_own(std::string_view name) {
    return std::ranges::any_of(own_headers, [name](auto const own) { return same_name(own, name); });
}

bool is_token(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || marks.find(c) != std::string_view::npos;
    });
}

bool is_value(std::string_view text) {
    return std::ranges::none_of(text, [](char c) {
        auto const byte = static_cast<unsigned char>(c);
        return (byte < ' ' && c != '\t') || byte == 0x7f;
    });
}

Error malformed(std::string_view why) {
    return {Errc::bad_request, fmt::format("invalid HTTP request: {}", why)};
}

}  // namespace

bool is_idempotent(std::string_view method) noexcept {
    return std::ranges::find(idempotent, method) != idempotent.end();
}

Result<> check_request(HttpRequest const& request) {
    if (!is_token(request.method) || request.method == "CONNECT") return malformed("invalid method");
    for (auto const& [name, value] : request.headers) {
        if (!is_token(name)) return malformed("a header name is not a token");
        if (!is_value(value)) return malformed(fmt::format("header {} contains control characters", name));
        if (is_own(name)) return malformed(fmt::format("header {} is set by the client", name));
    }
    if (request.source && !request.body.empty()) return malformed("more than one body");
    return {};
}

std::string head_of(HttpRequest const& request, Url const& url, Proxy const* proxy) {
    auto head = fmt::format("{} {}{} HTTP/1.1\r\nHost: {}\r\n", request.method,
                            proxy != nullptr ? url.origin() : std::string(), url.target, url.authority());
    auto const out = std::back_inserter(head);
    if (!find_header(request.headers, "User-Agent")) fmt::format_to(out, "User-Agent: {}\r\n", user_agent);
    for (auto const& [name, value] : request.headers) fmt::format_to(out, "{}: {}\r\n", name, value);
    if (proxy != nullptr && !proxy->authorization.empty()) {
        fmt::format_to(out, "Proxy-Authorization: {}\r\n", proxy->authorization);
    }
    bool const has_body = request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
    if (request.source) {
        auto const length = request.source->length();
        head += length ? fmt::format("Content-Length: {}\r\n", *length) : "Transfer-Encoding: chunked\r\n";
    } else if (has_body || !request.body.empty()) {
        fmt::format_to(out, "Content-Length: {}\r\n", request.body.size());
    }
    return head + "\r\n";
}

std::string connect_head(Url const& url, Proxy const& proxy) {
    auto const target = url.host_and_port();
    auto head = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\nUser-Agent: {1}\r\n", target, user_agent);
    if (!proxy.authorization.empty()) {
        fmt::format_to(std::back_inserter(head), "Proxy-Authorization: {}\r\n", proxy.authorization);
    }
    return head + "\r\n";
}

void keep_for_another_origin(HttpHeaders& headers) {
    std::erase_if(headers, [](auto const& header) {
        return std::ranges::none_of(for_any_origin,
                                    [&](auto const harmless) { return same_name(header.first, harmless); });
    });
}

}  // namespace ocilot::net
