#include "net/http_exchange.h"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cctype>
#include <fmt/format.h>
#include <iterator>
#include <optional>

namespace ocilot::net {

namespace beast = boost::beast;

namespace {

using Parser = beast::http::response_parser<beast::http::string_body>;

constexpr std::uint32_t longest_head = 16 * 1024;  // Bytes.
constexpr std::size_t buffer_size = 32 * 1024;     // Bytes; more than a head or the line before a chunk.
constexpr unsigned most_interim = 8;               // Answers of 1xx before the real one.

constexpr std::string_view marks = "!#$%&'*+-.^_`|~";  // That a name may hold beside letters and digits.

bool is_token(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || marks.find(c) != std::string_view::npos;
    });
}

bool is_value(std::string_view text) {
    return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

std::string head_of(Url const& url, HttpAsk const& ask) {
    auto head = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: ocilot\r\nConnection: close\r\n",
                            ask.method, url.target, url.authority());
    for (auto const& [name, value] : ask.headers) {
        fmt::format_to(std::back_inserter(head), "{}: {}\r\n", name, value);
    }
    if (!ask.body.empty() || ask.method == "POST" || ask.method == "PUT") {
        fmt::format_to(std::back_inserter(head), "Content-Length: {}\r\n", ask.body.size());
    }
    return head + "\r\n";
}

Error unusable(beast::error_code const& failed, HttpAsk const& ask) {
    if (failed == beast::http::error::body_limit) {
        return {Errc::unavailable, fmt::format("the answer is larger than {} bytes", ask.limit)};
    }
    if (failed == beast::http::error::partial_message || failed == beast::http::error::end_of_stream) {
        return {Errc::unavailable, "the connection ended before the answer did"};
    }
    return {Errc::unavailable, fmt::format("the answer is not HTTP ({})", failed.message())};
}

/// One answer, 1xx too, as bytes of it come.
class Reading {
  public:
    explicit Reading(HttpAsk const& ask) : ask_(ask) { begin(); }

    /// Where the next bytes go.
    std::span<std::byte> room() { return std::as_writable_bytes(std::span(buffer_).subspan(filled_)); }
    /// `count` bytes have come, 0 for the end of the stream.
    Result<> take(std::size_t count) {
        filled_ += count;
        CHECK(parse());
        while (parser_->is_done() && interim()) {
            if (++interims_ > most_interim) {
                return Error{Errc::unavailable, "the server never comes to its answer"};
            }
            begin();
            CHECK(parse());
        }
        if (count == 0 && !parser_->is_done()) return finish();
        if (!parser_->is_done() && filled_ == buffer_.size()) {
            return Error{Errc::unavailable, "the answer is not HTTP (a line is too long)"};
        }
        return {};
    }
    [[nodiscard]] bool done() const { return parser_->is_done(); }
    HttpAnswer answer() {
        auto message = parser_->release();
        HttpAnswer out;
        out.status = message.result_int();
        for (auto const& field : message) {
            out.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
        }
        out.body = std::move(message.body());
        return out;
    }

  private:
    void begin() {
        parser_.emplace();
        parser_->eager(true);
        parser_->header_limit(longest_head);
        parser_->body_limit(ask_.limit);
        parser_->skip(ask_.method == "HEAD");
    }
    [[nodiscard]] bool interim() const {
        auto const status = parser_->get().result_int();
        return status >= 100 && status < 200 && status != 101;
    }
    Result<> parse() {
        std::size_t used = 0;
        beast::error_code failed;
        while (used < filled_ && !parser_->is_done()) {
            auto const taken = parser_->put(asio::buffer(buffer_.data() + used, filled_ - used), failed);
            used += taken;
            if (failed == beast::http::error::need_more) break;
            if (failed) return unusable(failed, ask_);
        }
        std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(used),
                  buffer_.begin() + static_cast<std::ptrdiff_t>(filled_), buffer_.begin());
        filled_ -= used;
        return {};
    }
    Result<> finish() {
        beast::error_code failed;
        if (!parser_->got_some()) return unusable(beast::http::error::end_of_stream, ask_);
        parser_->put_eof(failed);
        if (failed) return unusable(failed, ask_);
        return {};
    }

    HttpAsk const& ask_;
    std::optional<Parser> parser_;
    std::vector<char> buffer_ = std::vector<char>(buffer_size);
    std::size_t filled_ = 0;
    unsigned interims_ = 0;
};

}  // namespace

std::optional<std::string_view> HttpAnswer::header(std::string_view name) const noexcept {
    for (auto const& [key, value] : headers) {
        if (beast::iequals(key, {name.data(), name.size()})) return value;
    }
    return std::nullopt;
}

Result<> check_ask(HttpAsk const& ask) {
    bool const good = is_token(ask.method) && std::ranges::all_of(ask.headers, [](auto const& header) {
                          return is_token(header.first) && is_value(header.second);
                      });
    if (!good) return Error{Errc::bad_request, "a method or a header of the request is malformed"};
    return {};
}

Task<Result<HttpAnswer>> exchange(Conn& conn, Url const& url, HttpAsk const& ask) {
    auto const head = head_of(url, ask);
    CO_CHECK(co_await conn.write(std::as_bytes(std::span(head)), !ask.body.empty()));
    CO_CHECK(co_await conn.write(std::as_bytes(std::span(ask.body))));
    Reading reading(ask);
    while (!reading.done()) {
        CO_TRY(auto const count, co_await conn.read_some(reading.room()));
        CO_CHECK(reading.take(count));
    }
    co_return reading.answer();
}

}  // namespace ocilot::net
