#include "promise.h"
#include "server/request_parser.h"
#include "targets.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>
#include <string>

namespace ocilot::fuzz {

namespace {

constexpr std::string_view request = "PATCH / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";

/// A body that was decoded to its end: its bytes, and how much of the input it was.
struct Body {
    std::string bytes;
    std::size_t used = 0;
    friend bool operator==(Body const&, Body const&) = default;
};

/// Decodes input that arrives in pieces of `piece` bytes into the same memory, as BodyReader does.
std::optional<Body> decode(std::string_view input, std::size_t piece) {
    server::RequestParser parser;
    promise(parser.parse(request).has_value(), "the head is good");
    Body body;
    std::string waiting;
    for (;;) {
        auto const at = body.used + waiting.size();
        waiting += input.substr(at, piece);
        bool const nothing_new = at == input.size();
        auto const memory = std::as_writable_bytes(std::span(waiting));
        auto const done = parser.decode(memory, memory);
        if (done.has_error()) return std::nullopt;
        promise(done->used <= waiting.size() && done->made <= done->used, "nothing is made of nothing");
        body.bytes.append(waiting, 0, done->made);
        body.used += done->used;
        waiting.erase(0, done->used);
        if (parser.body_done()) return body;
        if (nothing_new && done->used == 0) return std::nullopt;
    }
}

/// Takes a line with its CRLF; nullopt if there is none.
std::optional<std::string_view> take_line(std::string_view& text) {
    auto const end = text.find("\r\n");
    if (end == text.npos) return std::nullopt;
    auto const line = text.substr(0, end);
    text.remove_prefix(end + 2);
    return line;
}

/// RFC 9112 §7.1 once more, blind to what extensions and trailers say.
std::optional<Body> plain_decode(std::string_view input) {
    Body body;
    auto rest = input;
    for (;;) {
        auto const line = take_line(rest);
        std::size_t size = 0;
        if (!line || std::from_chars(line->data(), line->data() + line->size(), size, 16).ec != std::errc{})
            return std::nullopt;
        if (size == 0) break;
        if (rest.size() < size + 2 || rest.substr(size, 2) != "\r\n") return std::nullopt;
        body.bytes += rest.substr(0, size);
        rest.remove_prefix(size + 2);
    }
    for (;;) {
        auto const line = take_line(rest);
        if (!line) return std::nullopt;
        if (line->empty()) break;
    }
    body.used = input.size() - rest.size();
    return body;
}

}  // namespace

void chunks(std::string_view input) {
    auto const body = decode(input, std::max<std::size_t>(input.size(), 1));
    for (std::size_t const piece : {1, 3, 7}) {
        promise(decode(input, piece) == body, "how the bytes arrive does not matter");
    }
    if (body) promise(plain_decode(input) == body, "the body ends where everybody says it ends");
}

}  // namespace ocilot::fuzz
