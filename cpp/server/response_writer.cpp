#include "server/response_writer.h"

#include "base/counted.h"
#include "http/core/header.h"
#include "net/tls_conn.h"

#include <algorithm>
#include <array>
#include <boost/beast/http/status.hpp>
#include <fmt/format.h>
#include <vector>

namespace ocilot::server {

namespace beast = boost::beast;

namespace {

constexpr std::uint64_t small_blob = 16 * 1024;   // Bytes that are cheaper to copy than to send as a file.
constexpr std::size_t small_body = 64 * 1024;     // Bytes that go out in one write with the head.
constexpr std::uint64_t piece = 4 * 1024 * 1024;  // Bytes that are loaded and sent at once.
constexpr std::size_t read_buffer = 256 * 1024;   // Bytes, for blobs without a descriptor.

bool is_framing(std::string_view name) {
    static constexpr std::array<std::string_view, 5> ours{"Content-Length", "Connection", "Transfer-Encoding",
                                                          "Date", "X-Request-Id"};
    return std::ranges::any_of(ours, [name](auto our) { return http::same_token(our, name); });
}

bool has_no_content(unsigned status) {
    return status == 204 || status == 304 || status / 100 == 1;
}

std::string_view text_body(http::Response const& response) {
    if (auto const* text = std::get_if<std::string>(&response.body)) return *text;
    if (auto const* shared = std::get_if<http::SharedText>(&response.body); shared && *shared)
        return **shared;
    return {};
}

/// Bytes of body that the client is to expect after a GET.
std::uint64_t body_length(http::Response const& response) {
    if (auto const* blob = std::get_if<http::BlobBody>(&response.body)) return blob->length;
    if (auto const* parts = std::get_if<http::PartsBody>(&response.body)) return parts->length;
    return text_body(response).size();
}

bool is_live(http::Response const& response) noexcept {
    return std::holds_alternative<std::unique_ptr<http::LiveBody>>(response.body);
}

void append_line(std::string& head, std::string_view name, std::string_view value) {
    head += name;
    head += ": ";
    auto const start = head.size();
    head += value;
    // Three quick looks; nearly no value has any.
    for (char const bad : {'\r', '\n', '\0'}) {
        if (value.find(bad) == std::string_view::npos) continue;
        std::replace(head.begin() + static_cast<std::ptrdiff_t>(start), head.end(), bad, ' ');
    }
    head += "\r\n";
}

void append_status(std::string& head, unsigned status) {
    head += "HTTP/1.1 ";
    head += fmt::format_int(status).c_str();
    head += ' ';
    auto const reason = beast::http::obsolete_reason(beast::http::int_to_status(status));
    head.append(reason.data(), reason.size());
    head += "\r\n";
}

Error ended_early(std::uint64_t bytes) {
    return {Errc::io, fmt::format("a blob being sent ended {} early", counted_bytes(bytes))};
}

/// One answer on its way out.
struct Outlet {
    net::Conn& conn;
    Limits const& limits;
    SendResult sent = {};

    Outlet(net::Conn& to, Limits const& within) : conn(to), limits(within) {}
    Task<Result<>> write(std::string_view bytes, bool more);
    Task<Result<>> text(std::string_view bytes, bool more);
    /// Part of a blob; `more` follows.
    Task<Result<>> blob(blob::Blob& source, std::uint64_t offset, std::uint64_t length, bool more);
    /// All of a small part of a blob, in one write with the head.
    Task<Result<>> with_head(std::string head, http::BlobBody const& body);
    Task<Result<>> parts(http::PartsBody const& body);
    /// A body that is made while it is sent, each piece in a chunk of its own or, for clients that know none,
    /// as it is. Ends early, as if the body had, when the client is gone.
    Task<Result<>> live(http::LiveBody& body, bool chunked);

  private:
    Task<Result<>> file(blob::Blob& source, std::uint64_t offset, std::uint64_t length);
    Task<Result<>> copy(blob::Blob& source, std::uint64_t offset, std::uint64_t length, bool more);
};

Task<Result<>> Outlet::write(std::string_view bytes, bool more) {
    conn.expires_after({.stall = limits.idle_time});
    auto wrote = co_await conn.write(std::as_bytes(std::span(bytes)), more);
    if (wrote.has_value()) sent.bytes += bytes.size();
    co_return wrote;
}

Task<Result<>> Outlet::text(std::string_view bytes, bool more) {
    while (!bytes.empty()) {
        auto const next = bytes.substr(0, piece);
        bytes.remove_prefix(next.size());
        CO_CHECK(co_await write(next, more || !bytes.empty()));
        sent.body_bytes += next.size();
    }
    co_return Result<>();
}

Task<Result<>> Outlet::file(blob::Blob& source, std::uint64_t offset, std::uint64_t length) {
    while (length > 0) {
        auto const next = std::min(length, piece);
        sent.blob_offset = offset;
        co_await source.load(offset, next);
        conn.expires_after({.stall = limits.idle_time});
        CO_CHECK(co_await conn.send_file(source.fd(), offset, next));
        offset += next;
        length -= next;
        sent.bytes += next;
        sent.body_bytes += next;
    }
    co_return Result<>();
}

Task<Result<>> Outlet::blob(blob::Blob& source, std::uint64_t offset, std::uint64_t length, bool more) {
    if (source.fd() >= 0) co_return co_await file(source, offset, length);
    co_return co_await copy(source, offset, length, more);
}

Task<Result<>> Outlet::with_head(std::string head, http::BlobBody const& body) {
    auto const length = static_cast<std::size_t>(body.length);
    auto const start = head.size();
    head.resize(start + length);
    auto const room = std::as_writable_bytes(std::span(head)).subspan(start);
    sent.blob_offset = body.offset;
    CO_TRY(auto const count, co_await body.blob->read(body.offset, room));
    if (count != length) co_return ended_early(length - count);
    CO_CHECK(co_await write(head, false));
    sent.body_bytes += length;
    co_return Result<>();
}

Task<Result<>> Outlet::parts(http::PartsBody const& body) {
    for (auto const& part : body.parts) {
        CO_CHECK(co_await text(part.before, true));
        CO_CHECK(co_await blob(*body.blob, part.offset, part.length, true));
    }
    co_return co_await text(body.after, false);
}

Task<Result<>> Outlet::live(http::LiveBody& body, bool chunked) {
    while (auto const piece_of_body = co_await body.next()) {
        if (conn.peer_closed()) co_return Error{Errc::peer_closed, "the client closed the connection"};
        auto const chunk =
            chunked ? fmt::format("{:x}\r\n{}\r\n", piece_of_body->size(), *piece_of_body) : *piece_of_body;
        CO_CHECK(co_await write(chunk, false));
        sent.body_bytes += piece_of_body->size();
    }
    if (!chunked) co_return Result<>();
    co_return co_await write("0\r\n\r\n", false);
}

Task<Result<>> Outlet::copy(blob::Blob& source, std::uint64_t offset, std::uint64_t length, bool more) {
    std::vector<std::byte> buffer(static_cast<std::size_t>(std::min<std::uint64_t>(length, read_buffer)));
    while (length > 0) {
        auto const wanted = static_cast<std::size_t>(std::min<std::uint64_t>(length, buffer.size()));
        sent.blob_offset = offset;
        CO_TRY(auto const count, co_await source.read(offset, std::span(buffer).first(wanted)));
        if (count == 0) co_return ended_early(length);
        std::string_view const bytes(reinterpret_cast<char const*>(buffer.data()), count);
        CO_CHECK(co_await write(bytes, more || length > count));
        offset += count;
        length -= count;
        sent.body_bytes += count;
    }
    co_return Result<>();
}

/// Whatever is not written in one piece.
Task<Result<>> write_pieces(Outlet& out, http::Response& response, std::string_view head, bool chunked) {
    if (auto* const live = std::get_if<std::unique_ptr<http::LiveBody>>(&response.body)) {
        CO_CHECK(co_await out.write(head, false));
        co_return co_await out.live(**live, chunked);
    }
    if (auto* const blob = std::get_if<http::BlobBody>(&response.body)) {
        if (blob->length <= small_blob) co_return co_await out.with_head(std::string(head), *blob);
        CO_CHECK(co_await out.write(head, true));
        co_return co_await out.blob(*blob->blob, blob->offset, blob->length, false);
    }
    CO_CHECK(co_await out.write(head, true));
    if (auto* const parts = std::get_if<http::PartsBody>(&response.body)) {
        co_return co_await out.parts(*parts);
    }
    co_return co_await out.text(text_body(response), false);
}

/// Appends a body that is small and at hand; false if it is not.
bool append_body(std::string& out, http::Response const& response) {
    if (auto const* blob = std::get_if<http::BlobBody>(&response.body)) {
        if (blob->length > small_blob) return false;
        auto const head = out.size();
        out.resize(head + static_cast<std::size_t>(blob->length));
        auto const room = std::as_writable_bytes(std::span(out)).subspan(head);
        if (blob->blob->read_at_once(blob->offset, room)) return true;
        out.resize(head);
        return false;
    }
    if (std::holds_alternative<http::PartsBody>(response.body) || is_live(response)) return false;
    auto const text = text_body(response);
    if (text.size() > small_body) return false;
    out += text;
    return true;
}

void append_head(std::string& head, http::Response const& response, Framing const& framing) {
    append_status(head, response.status);
    append_line(head, "Date", framing.date);
    append_line(head, "X-Request-Id", framing.request_id);
    for (auto const& [name, value] : response.headers) {
        if (!is_framing(name)) append_line(head, name, value);
    }
    if (is_live(response)) {
        if (framing.chunked) append_line(head, "Transfer-Encoding", "chunked");
    } else if (!has_no_content(response.status)) {
        // A handler may answer HEAD with the length alone.
        bool const told = framing.head_only && std::holds_alternative<std::monostate>(response.body);
        auto const length = told ? response.content_length : body_length(response);
        fmt::format_int const digits(length);
        append_line(head, "Content-Length", {digits.data(), digits.size()});
    }
    if (framing.close) append_line(head, "Connection", "close");
    head += "\r\n";
}

}  // namespace

std::size_t memory_of(http::Response const& response, bool tls) noexcept {
    auto const of_blob = [tls](blob::Blob const& blob, std::uint64_t length) -> std::uint64_t {
        if (length <= small_blob) return length;
        if (blob.fd() < 0) return std::min<std::uint64_t>(length, read_buffer);
        return tls ? std::min<std::uint64_t>(length, net::tls_file_buffer) : 0;
    };
    if (auto const* blob = std::get_if<http::BlobBody>(&response.body)) {
        return static_cast<std::size_t>(of_blob(*blob->blob, blob->length));
    }
    if (auto const* parts = std::get_if<http::PartsBody>(&response.body)) {
        std::uint64_t bytes = parts->after.size() + of_blob(*parts->blob, parts->length);
        for (auto const& part : parts->parts) bytes += part.before.size() + sizeof(part);
        return static_cast<std::size_t>(bytes);
    }
    auto const text = text_body(response).size();
    // A small one is written from a copy that stands behind the head.
    return text <= small_body ? 2 * text : text;
}

std::string whole_response(http::Response const& response, Framing const& framing) {
    std::string whole;
    append_head(whole, response, framing);
    whole += text_body(response);
    return whole;
}

Task<SendResult> write_response(net::Conn& conn, http::Response& response, Framing framing,
                                Limits const& limits, std::string& spare) {
    auto text = std::exchange(spare, {});
    text.clear();
    append_head(text, response, framing);
    auto const head = text.size();
    bool const with_body = !framing.head_only && !has_no_content(response.status);
    Outlet out(conn, limits);
    if (!with_body || append_body(text, response)) {
        conn.expires_after({.stall = limits.idle_time});
        auto wrote = co_await conn.write(std::as_bytes(std::span(text)));
        if (wrote.has_value()) out.sent = {Result<>(), text.size() - head, text.size(), 0};
        if (wrote.has_error()) out.sent.outcome = std::move(wrote);
    } else {
        auto outcome = co_await write_pieces(out, response, text, framing.chunked);
        out.sent.outcome = std::move(outcome);
    }
    spare = std::move(text);
    co_return std::move(out.sent);
}

}  // namespace ocilot::server
