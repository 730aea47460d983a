#include "net/http_exchange.h"

#include "base/counted.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <fmt/format.h>
#include <vector>

namespace ocilot::net {

namespace {

constexpr std::size_t piece = 64 * 1024;              // Bytes of a body written at once.
constexpr std::size_t small = 16 * 1024;              // Bytes of a body that goes with its head.
constexpr std::chrono::milliseconds last_word{1000};  // For a response after a write failed.

// Around a chunk: its size in hexadecimal and CRLF before it, CRLF after it.
constexpr std::size_t before_chunk = 10;
constexpr std::size_t after_chunk = 2;

HttpResponseParser::Body body_after(HttpRequest const& request) {
    return request.method == "HEAD" ? HttpResponseParser::Body::none : HttpResponseParser::Body::any;
}

/// Frames `size` bytes that begin at `before_chunk`; there is room around them.
ConstBytes as_chunk(std::span<std::byte> buffer, std::size_t size) {
    std::array<char, before_chunk> digits{};
    auto* const end = std::to_chars(digits.data(), digits.data() + digits.size(), size, 16).ptr;
    auto const length = static_cast<std::size_t>(end - digits.data());
    auto* const begin = buffer.data() + before_chunk - length - 2;
    std::memcpy(begin, digits.data(), length);
    std::memcpy(begin + length, "\r\n", 2);
    std::memcpy(buffer.data() + before_chunk + size, "\r\n", 2);
    return {begin, length + 2 + size + after_chunk};
}

}  // namespace

HttpExchange::HttpExchange(std::unique_ptr<Conn> conn, HttpRequest& request, TimeBudget budget)
    : conn_(std::move(conn)), request_(request), budget_(budget) {
    HttpResponseParser::Limits const limits{.head = request.max_head, .body = request.max_body};
    parser_ = std::make_unique<HttpResponseParser>(body_after(request), limits);
}

bool HttpExchange::can_repeat(Error const& error) const noexcept {
    bool const closed = error.code == Errc::peer_closed || error.code == Errc::unavailable;
    return closed && !parser_->got_some() && !source_begun_;
}

Task<Result<>> HttpExchange::run(std::string head) {
    auto sent = co_await send(std::move(head));
    if (sent.has_value()) {
        sent_ = !parser_->head_done();
        co_return co_await receive_head(request_.timeouts.first_byte);
    }
    auto const code = sent.error().code;
    bool const unread = code == Errc::peer_closed || code == Errc::request_timeout;
    if (source_failed_ || !unread) co_return std::move(sent).error();
    // A server that has enough of a body says so, and then reads no more or closes.
    auto answered = co_await receive_head(last_word);
    if (answered.has_error()) co_return std::move(sent).error();
    co_return Result<>();
}

Task<Result<>> HttpExchange::send(std::string head) {
    std::string_view rest = request_.body;
    if (rest.size() <= small) {
        head += rest;
        rest = {};
    }
    bool const streams = request_.source != nullptr;
    // What is held back for more would wait for a timer of the kernel if nothing came.
    bool const more = !rest.empty() || (streams && request_.source->length() != 0);
    CO_CHECK(co_await write(std::as_bytes(std::span(head)), more));
    if (streams) co_return co_await send_source();
    while (!rest.empty() && !parser_->head_done()) {
        auto const now = rest.substr(0, piece);
        rest.remove_prefix(now.size());
        CO_CHECK(co_await write(std::as_bytes(std::span(now)), !rest.empty()));
        CO_CHECK(co_await look());
    }
    co_return Result<>();
}

Task<Result<>> HttpExchange::send_source() {
    std::vector<std::byte> buffer(before_chunk + piece + after_chunk);
    auto const length = request_.source->length();
    for (std::uint64_t done = 0; !parser_->head_done();) {
        auto const wanted = length ? std::min<std::uint64_t>(piece, *length - done) : piece;
        if (wanted == 0) break;
        source_begun_ = true;
        auto const room = std::span(buffer).subspan(before_chunk, static_cast<std::size_t>(wanted));
        auto const count = co_await request_.source->read(room);
        source_failed_ = count.has_error();
        CO_CHECK(count);
        if (*count == 0 && length) {
            source_failed_ = true;
            co_return Error{Errc::size_invalid, fmt::format("the request body ended after {} of {}", done,
                                                            counted_bytes(*length))};
        }
        if (*count == 0) {
            static constexpr std::string_view last = "0\r\n\r\n";
            co_return co_await write(std::as_bytes(std::span(last)), false);
        }
        done += *count;
        auto const bytes = length ? ConstBytes(room.first(*count)) : as_chunk(buffer, *count);
        CO_CHECK(co_await write(bytes, false));
        CO_CHECK(co_await look());
    }
    co_return Result<>();
}

Task<Result<>> HttpExchange::write(ConstBytes bytes, bool more) {
    conn_->expires_after({.stall = request_.timeouts.stall, .total = budget_.left()});
    auto written = co_await conn_->write(bytes, more);
    if (written.has_error() && written.error().code == Errc::request_timeout) {
        co_return Error{Errc::request_timeout, "the server stopped reading the request"};
    }
    co_return written;
}

Task<Result<>> HttpExchange::look() {
    if (!conn_->readable()) co_return Result<>();
    CO_TRY(auto const count, co_await conn_->read_some(parser_->room()));
    if (count == 0) {
        co_return Error{Errc::peer_closed,
                        "the server closed the connection while the request was being sent"};
    }
    co_return parser_->received(count);
}

Task<Result<>> HttpExchange::receive_head(std::chrono::milliseconds limit) {
    conn_->expires_after(budget_.within(limit).left());
    while (!parser_->head_done()) {
        auto const count = co_await conn_->read_some(parser_->room());
        if (count.has_error() && count.error().code == Errc::request_timeout) {
            co_return Error{Errc::request_timeout, "the server sent no response in time"};
        }
        CO_CHECK(count);
        CO_CHECK(parser_->received(*count));
    }
    co_return Result<>();
}

}  // namespace ocilot::net
