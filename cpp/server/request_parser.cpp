#include "server/request_parser.h"

#include "http/core/authority.h"

#include <algorithm>
#include <array>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cstring>
#include <fmt/format.h>
#include <limits>

namespace ocilot::server {

namespace beast = boost::beast;

namespace {

/// Beast presents no fewer bytes than the end of a chunked body has, or its assertions do not hold.
constexpr std::size_t least_chunk_bytes = 5;

std::string_view std_view(beast::string_view text) {
    return {text.data(), text.size()};
}

bool iequals(std::string_view a, std::string_view b) {
    return beast::iequals({a.data(), a.size()}, {b.data(), b.size()});
}

http::Method method_of(std::string_view text) {
    using http::Method;
    static constexpr std::array<std::pair<std::string_view, Method>, 7> methods{
        {{"GET", Method::get},
         {"HEAD", Method::head},
         {"PUT", Method::put},
         {"POST", Method::post},
         {"PATCH", Method::patch},
         {"DELETE", Method::del},
         {"OPTIONS", Method::options}}};
    auto const row = std::ranges::find(methods, text, [](auto const& entry) { return entry.first; });
    return row == methods.end() ? Method::other : row->second;
}

Error bad_request(std::string message) {
    return {Errc::bad_request, std::move(message)};
}

Result<> check_coding(std::string_view coding) {
    if (iequals(coding, "chunked")) return {};
    bool const misplaced = iequals(coding.substr(0, 7), "chunked");
    return Error{
        misplaced ? Errc::bad_request : Errc::not_implemented,
        fmt::format("unknown transfer coding \"{}\": expected chunked, or a Content-Length", coding)};
}

Error ambiguous_length() {
    return bad_request(
        "ambiguous length of the request body: send one Content-Length or Transfer-Encoding: chunked");
}

/// What Beast leaves to its user: Host, transfer codings, the form of the target; and lists of equal lengths,
/// which RFC 9110, 8.6, lets a server refuse.
Result<> check(RequestHead const& head) {
    std::size_t hosts = 0;
    std::size_t lengths = 0;
    std::size_t codings = 0;
    for (auto const& [name, value] : head.headers) {
        if (iequals(name, "Host")) ++hosts;
        if (iequals(name, "Content-Length") && (++lengths > 1 || value.find(',') != value.npos)) {
            return ambiguous_length();
        }
        if (!iequals(name, "Transfer-Encoding")) continue;
        CHECK(check_coding(value));
        ++codings;
    }
    if (codings > 1) return bad_request("duplicate Transfer-Encoding header: send one");
    if (codings == 1 && head.http_1_0)
        return bad_request("HTTP/1.0 does not support transfer codings: send a Content-Length");
    if (hosts > 1) return bad_request("duplicate Host header: send one");
    if (hosts == 0 && !head.http_1_0) return bad_request("missing Host header: HTTP/1.1 requires one");
    if (!head.target.starts_with('/') && head.target != "*") {
        return bad_request("invalid request target: expected a path that starts with /");
    }
    return {};
}

/// The authority of a target in absolute form takes the place of Host (RFC 9112, 3.2.2).
Result<> replace_host(RequestHead& head, http::AbsoluteTarget const& absolute) {
    if (!iequals(absolute.scheme, "http") && !iequals(absolute.scheme, "https")) {
        return bad_request(
            "invalid request target: expected a path that starts with /, or a URL of http or https");
    }
    if (!http::parse_authority(absolute.authority)) {
        return bad_request("invalid request target: expected a URL with a host and optionally a port");
    }
    auto const host =
        std::ranges::find_if(head.headers, [](auto const& header) { return iequals(header.first, "Host"); });
    if (host == head.headers.end()) {
        head.headers.emplace_back("Host", absolute.authority);
    } else {
        host->second = absolute.authority;
    }
    return {};
}

Error syntax_error(beast::error_code code) {
    using beast::http::error;
    if (code == error::bad_version)
        return bad_request("the request line does not end in HTTP/1.1 or HTTP/1.0");
    if (code == error::bad_content_length || code == error::multiple_content_length ||
        code == error::bad_transfer_encoding) {
        return ambiguous_length();
    }
    return bad_request(fmt::format("the request is not well-formed HTTP/1.1 ({})", code.message()));
}

}  // namespace

std::string_view RequestHead::header(std::string_view name) const noexcept {
    for (auto const& [key, value] : headers) {
        if (iequals(key, name)) return value;
    }
    return {};
}

class RequestParser::Impl final : public beast::http::basic_parser<true> {
  public:
    Impl() {
        header_limit(std::numeric_limits<std::uint32_t>::max());  // HeadScanner has checked.
        body_limit(boost::none);
        head.headers.reserve(16);
    }

    RequestHead head;
    std::optional<http::AbsoluteTarget> absolute;  // If the target was one.
    std::span<std::byte> out;
    std::size_t made = 0;
    std::uint64_t chunk_left = 0;

  private:
    using error_code = beast::error_code;

    void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target, int version,
                         error_code&) override {
        head.method_text = std_view(method);
        head.method = method_of(head.method_text);
        head.target = std_view(target);
        head.http_1_0 = version == 10;
        absolute = http::split_absolute(head.target);
        if (!absolute) return;
        head.target = absolute->rest;
        if (head.target.starts_with('/')) return;
        rooted_ = "/";
        rooted_ += absolute->rest;
        head.target = rooted_;
    }
    void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value,
                       error_code&) override {
        if (!in_body_)
            head.headers.emplace_back(std_view(name), std_view(value));  // Trailers say nothing to us.
    }
    void on_header_impl(error_code&) override { in_body_ = true; }
    void on_chunk_header_impl(std::uint64_t size, beast::string_view, error_code&) override {
        chunk_left = size;
    }
    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, error_code&) override {
        auto const count = std::min(body.size(), out.size() - made);
        std::memmove(out.data() + made, body.data(), count);
        made += count;
        chunk_left -= count;
        return count;
    }
    void on_response_impl(int, beast::string_view, int, error_code&) override {}
    void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
    std::size_t on_body_impl(beast::string_view, error_code&) override { return 0; }
    void on_finish_impl(error_code&) override {}

    std::string rooted_;  // Path and query of an absolute target without a path.
    bool in_body_ = false;
};

RequestParser::RequestParser() : impl_(std::make_unique<Impl>()) {}
RequestParser::~RequestParser() = default;

Result<RequestHead> RequestParser::parse(std::string_view head) {
    beast::error_code failure;
    impl_->put({head.data(), head.size()}, failure);
    if (failure) return syntax_error(failure);
    if (!impl_->is_header_done()) return bad_request("the request head ends too early");
    auto& parsed = impl_->head;
    CHECK(check(parsed));
    if (impl_->absolute) {
        CHECK(replace_host(parsed, *impl_->absolute));
    }
    parsed.chunked = impl_->chunked();
    if (auto const length = impl_->content_length()) parsed.content_length = *length;
    parsed.keep_alive = impl_->keep_alive() && !parsed.http_1_0;
    parsed.expects_continue =
        parsed.has_body() && !parsed.http_1_0 && iequals(parsed.header("Expect"), "100-continue");
    return std::move(parsed);
}

Result<RequestParser::Decoded> RequestParser::decode(std::span<std::byte const> in,
                                                     std::span<std::byte> out) {
    Decoded done;
    impl_->out = out;
    impl_->made = 0;
    while (!impl_->is_done() && impl_->made < out.size()) {
        auto const rest = in.subspan(done.used);
        if (rest.empty() || (impl_->chunk_left == 0 && rest.size() < least_chunk_bytes)) break;
        beast::error_code failure;
        done.used += impl_->put({rest.data(), rest.size()}, failure);
        if (failure == beast::http::error::need_more) break;
        if (failure) return bad_request(fmt::format("the body is not in chunks ({})", failure.message()));
    }
    done.made = impl_->made;
    return done;
}

bool RequestParser::body_done() const noexcept {
    return impl_->is_done();
}

}  // namespace ocilot::server
