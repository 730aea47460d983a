#include "server/body_reader.h"

#include "base/counted.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <fmt/format.h>

namespace ocilot::server {

namespace {

/// More than any honest chunk header or trailer.
constexpr std::size_t chunk_header_limit = 16 * 1024;

Error too_slow(Limits const& limits) {
    if (limits.body_rate == 0) return {Errc::request_timeout, "timeout of the request body: send it again"};
    return {Errc::request_timeout,
            fmt::format("the request body is too slow: expected at least {} per second on average",
                        counted_bytes(limits.body_rate))};
}

}  // namespace

BodyReader::BodyReader(net::Conn& conn, InputBuffer& input, RequestParser& parser, RequestHead const& head,
                       Limits const& limits, Clock const& clock) noexcept
    : conn_(conn),
      input_(input),
      parser_(parser),
      limits_(limits),
      clock_(clock),
      minimum_rate_(limits),
      chunked_(head.chunked),
      invited_(!head.expects_continue),
      own_deadline_(true),
      left_(head.content_length.value_or(0)) {}

bool BodyReader::complete() const noexcept {
    return chunked_ ? parser_.body_done() : left_ == 0;
}

Task<Result<std::size_t>> BodyReader::read(std::span<std::byte> out) {
    if (complete() || out.empty()) co_return std::size_t{0};
    if (failed_) co_return Error{Errc::peer_closed, "the request body could not be read completely"};
    auto invited = co_await invite();
    if (invited.has_error()) {
        failed_ = true;
        co_return std::move(invited).error();
    }
    auto body = chunked_ ? read_chunked(out) : read_sized(out);
    auto count = co_await std::move(body);
    if (count.has_error()) {
        failed_ = true;
    } else {
        received_ += *count;
    }
    co_return count;
}

Task<Result<>> BodyReader::invite() {
    if (invited_) co_return Result<>();
    invited_ = true;
    if (!input_.empty()) co_return Result<>();  // The client did not wait.
    static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    conn_.expires_after(limits_.idle_time);
    co_return co_await conn_.write(std::as_bytes(std::span(go_on)));
}

/// What arrives counts, though a TLS record gives nothing out before it is complete.
Task<Result<std::size_t>> BodyReader::read_in_time(std::span<std::byte> out) {
    for (;;) {
        if (own_deadline_) conn_.expires_after(minimum_rate_.time_left());
        auto const before = clock_.now();
        auto const received = conn_.received();
        auto count = co_await conn_.read_some(out);
        auto const arrived = conn_.received() - received;
        minimum_rate_.received(clock_.now() - before, arrived);
        bool const late = count.has_error() && count.error().code == Errc::request_timeout;
        if (!late || !own_deadline_ || arrived == 0) co_return count;
    }
}

Task<Result<std::size_t>> BodyReader::receive(std::span<std::byte> out) {
    auto count = co_await read_in_time(out);
    if (count.has_error() && count.error().code == Errc::request_timeout) co_return too_slow(limits_);
    if (count.has_value() && *count == 0) {
        co_return Error{Errc::peer_closed, "the client closed the connection within the body"};
    }
    co_return count;
}

Task<Result<std::size_t>> BodyReader::read_sized(std::span<std::byte> out) {
    auto const wanted = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), left_));
    if (!input_.empty()) {
        auto const count = std::min(wanted, input_.size());
        std::memcpy(out.data(), input_.view().data(), count);
        input_.consume(count);
        left_ -= count;
        co_return count;
    }
    CO_TRY(auto const count, co_await receive(out.first(wanted)));
    left_ -= count;
    co_return count;
}

Task<Result<std::size_t>> BodyReader::read_chunked(std::span<std::byte> out) {
    for (;;) {
        if (input_.empty()) {
            // Decoded where it lands: chunk headers only make it shorter.
            CO_TRY(auto const count, co_await receive(out));
            CO_TRY(auto const done, parser_.decode(out.first(count), out));
            if (done.made > 0) {
                input_.append(out.subspan(done.used, count - done.used));
                co_return done.made;
            }
            input_.append(out.subspan(done.used, count - done.used));
        } else {
            CO_TRY(auto const done, parser_.decode(std::as_bytes(std::span(input_.view())), out));
            input_.consume(done.used);
            if (done.made > 0) co_return done.made;
        }
        if (parser_.body_done()) co_return std::size_t{0};
        if (input_.empty()) continue;
        if (input_.size() > chunk_header_limit) {
            co_return Error{Errc::bad_request, "a chunk header or the trailer of the body is too long"};
        }
        CO_TRY(auto const more, co_await receive(input_.prepare(512)));
        input_.commit(more);
    }
}

Task<bool> BodyReader::drop_rest() {
    if (complete()) co_return true;
    if (failed_ || !invited_ || left_ > limits_.unread_body) co_return false;
    conn_.expires_after(limits_.unread_time);
    own_deadline_ = false;
    std::array<std::byte, 4096> rubbish;
    for (std::uint64_t dropped = 0; !complete();) {
        auto const count = co_await read(rubbish);
        if (count.has_error()) co_return false;
        dropped += *count;
        if (dropped > limits_.unread_body) co_return false;
    }
    co_return true;
}

}  // namespace ocilot::server
