#include "net/http_response_parser.h"

#include "base/counted.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cstring>
#include <fmt/format.h>

namespace ocilot::net {

namespace beast = boost::beast;

namespace {

constexpr std::size_t first_size = 16 * 1024;  // Bytes of the buffer.
constexpr std::size_t chunks_size = 64 * 1024;
constexpr unsigned max_interims = 8;

/// Beast presents no fewer bytes than the end of a chunked body has, or its assertions do not hold.
constexpr std::size_t least_chunk_bytes = 5;

std::string_view std_view(beast::string_view text) {
    return {text.data(), text.size()};
}

Error unusable(std::string_view why) {
    return {Errc::unavailable, std::string(why)};
}

Error not_http(std::string_view why) {
    return unusable(fmt::format("the response is not valid HTTP/1.1 ({})", why));
}

/// Whether a line ends without CR, from a place on.
bool has_bare_lf(std::string_view text, std::size_t from) {
    for (auto at = text.find('\n', from); at != std::string_view::npos; at = text.find('\n', at + 1)) {
        if (at == 0 || text[at - 1] != '\r') return true;
    }
    return false;
}

Error cut_off() {
    return unusable("the connection was closed before the response was complete");
}

}  // namespace

class HttpResponseParser::Impl final : public beast::http::basic_parser<false> {
  public:
    explicit Impl(Body body) {
        header_limit(std::numeric_limits<std::uint32_t>::max());  // Checked before.
        body_limit(boost::none);                                  // Counted outside.
        skip(body == Body::none);
    }

    HttpHeaders headers;
    unsigned status = 0;
    bool http_1_0 = false;
    std::span<std::byte> out;
    std::size_t made = 0;
    std::uint64_t chunk_left = 0;

  private:
    using error_code = beast::error_code;

    void on_response_impl(int code, beast::string_view, int version, error_code&) override {
        status = static_cast<unsigned>(code);
        http_1_0 = version == 10;
    }
    void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value,
                       error_code&) override {
        // Trailers say nothing to us.
        if (!in_body_) headers.emplace_back(std_view(name), std_view(value));
    }
    void on_header_impl(error_code&) override { in_body_ = true; }
    void on_chunk_header_impl(std::uint64_t size, beast::string_view, error_code&) override {
        chunk_left = size;
    }
    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, error_code&) override {
        auto const count = std::min(body.size(), out.size() - made);
        std::memcpy(out.data() + made, body.data(), count);
        made += count;
        chunk_left -= count;
        return count;
    }
    void on_request_impl(beast::http::verb, beast::string_view, beast::string_view, int,
                         error_code&) override {}
    void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
    std::size_t on_body_impl(beast::string_view, error_code&) override { return 0; }
    void on_finish_impl(error_code&) override {}

    bool in_body_ = false;
};

HttpResponseParser::HttpResponseParser(Body body, Limits limits)
    : expected_(body), limits_(limits), buffer_(std::min(first_size, limits.head)) {}
HttpResponseParser::~HttpResponseParser() = default;

std::string_view HttpResponseParser::waiting() const noexcept {
    return {buffer_.data() + begin_, end_ - begin_};
}

void HttpResponseParser::use_up(std::size_t count) noexcept {
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
}

std::span<std::byte> HttpResponseParser::room() {
    if (begin_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    // Its size is bounded by the limit of a head, and by what `body` leaves waiting.
    if (end_ == buffer_.size()) buffer_.resize(2 * buffer_.size() + 1);
    return std::as_writable_bytes(std::span(buffer_).subspan(end_));
}

Result<> HttpResponseParser::received(std::size_t count) {
    if (count == 0) return finish();
    got_some_ = true;
    end_ += count;
    return head_done() ? Result<>() : look_for_head();
}

Result<> HttpResponseParser::finish() {
    ended_ = true;
    if (framing_ != Framing::to_the_end) return done_ ? Result<>() : cut_off();
    done_ = begin_ == end_;
    return {};
}

Result<> HttpResponseParser::look_for_head() {
    static constexpr std::string_view version = "HTTP/1.";
    while (!head_done() && begin_ != end_) {
        auto const text = waiting();
        if (!text.starts_with(version.substr(0, text.size())))
            return not_http("it does not start with HTTP/1");
        auto const end = text.find("\r\n\r\n", scanned_);
        auto const size = end == std::string_view::npos ? text.size() : end + 4;
        if (size > limits_.head) {
            return unusable(fmt::format("the response head exceeds {}", counted_bytes(limits_.head)));
        }
        if (has_bare_lf(text.substr(0, size), scanned_)) return not_http("a line does not end in CRLF");
        if (end == std::string_view::npos) {
            scanned_ = text.size() - std::min<std::size_t>(text.size(), 3);
            return {};
        }
        scanned_ = 0;
        CHECK(take_head(text.substr(0, size)));
        use_up(size);
    }
    return {};
}

Result<> HttpResponseParser::take_head(std::string_view text) {
    impl_ = std::make_unique<Impl>(expected_);
    beast::error_code failed;
    auto const used = impl_->put({text.data(), text.size()}, failed);
    if (failed) return not_http(failed.message());
    if (!impl_->is_header_done() || used != text.size()) return not_http("the end of its head is ambiguous");
    auto const status = impl_->status;
    if (status == 101) return not_http("unexpected switch of protocols");
    if (status < 100 || status > 599) return not_http(fmt::format("status {}", status));
    if (status >= 200) return set_framing();
    if (++interims_ > max_interims) {
        return unusable(
            fmt::format("more than {} interim responses arrived before the final one", max_interims));
    }
    return {};
}

Result<> HttpResponseParser::set_framing() {
    std::size_t codings = 0;
    for (auto const& [name, value] : impl_->headers) {
        if (!same_name(name, "Transfer-Encoding")) continue;
        if (++codings > 1 || impl_->http_1_0 || !same_name(value, "chunked")) {
            return not_http("unsupported transfer coding: expected chunked");
        }
    }
    head_.status = impl_->status;
    head_.headers = std::move(impl_->headers);
    keep_alive_ = impl_->keep_alive() && !impl_->http_1_0;
    auto const length = impl_->content_length();
    if (impl_->is_done()) {
        framing_ = Framing::none;
        head_.length = 0;
        done_ = true;
    } else if (impl_->chunked()) {
        framing_ = Framing::chunked;
        buffer_.resize(std::max(buffer_.size(), chunks_size));
    } else if (length.has_value()) {
        framing_ = Framing::length;
        head_.length = left_ = *length;
    } else {
        framing_ = Framing::to_the_end;
        keep_alive_ = false;
    }
    return {};
}

Result<> HttpResponseParser::count(std::uint64_t bytes) {
    if (bytes > limits_.body - body_) {
        return unusable(fmt::format("the response body exceeds {}", counted_bytes(limits_.body)));
    }
    body_ += bytes;
    return {};
}

Result<std::size_t> HttpResponseParser::body(std::span<std::byte> out) {
    if (done_ || out.empty()) return std::size_t{0};
    if (framing_ == Framing::chunked) return decode(out);
    // A redirect or an error may be longer than what was asked for: only a read body counts.
    if (framing_ == Framing::length && left_ > limits_.body - body_) {
        CHECK(count(left_));
    }
    auto const text = waiting();
    auto size = std::min(text.size(), out.size());
    if (framing_ == Framing::length) size = static_cast<std::size_t>(std::min<std::uint64_t>(size, left_));
    if (size > 0) std::memcpy(out.data(), text.data(), size);
    use_up(size);
    CHECK(count(size));
    if (framing_ == Framing::length) left_ -= size;
    done_ = framing_ == Framing::length ? left_ == 0 : ended_ && begin_ == end_;
    return size;
}

Result<std::size_t> HttpResponseParser::decode(std::span<std::byte> out) {
    impl_->out = out;
    impl_->made = 0;
    while (!impl_->is_done() && (impl_->made < out.size() || impl_->chunk_left == 0)) {
        auto const text = waiting();
        if (text.empty() || (impl_->chunk_left == 0 && text.size() < least_chunk_bytes)) break;
        beast::error_code failed;
        use_up(impl_->put({text.data(), text.size()}, failed));
        if (failed == beast::http::error::need_more) {
            // What is not used up is the line before a chunk or the trailer.
            if (text.size() >= chunks_size) return not_http("a chunk header or the trailer is too long");
            break;
        }
        if (failed) return not_http(failed.message());
    }
    CHECK(count(impl_->made));
    done_ = impl_->is_done();
    return impl_->made;
}

std::uint64_t HttpResponseParser::direct() const noexcept {
    if (done_ || begin_ != end_) return 0;
    if (framing_ == Framing::length) return left_;
    return framing_ == Framing::to_the_end ? std::numeric_limits<std::uint64_t>::max() : 0;
}

Result<> HttpResponseParser::passed(std::size_t bytes) {
    if (bytes == 0) return finish();
    CHECK(count(bytes));
    if (framing_ == Framing::length) left_ -= bytes;
    done_ = framing_ == Framing::length && left_ == 0;
    return {};
}

bool HttpResponseParser::reusable() const noexcept {
    return done_ && keep_alive_ && !ended_ && begin_ == end_;
}

}  // namespace ocilot::net
