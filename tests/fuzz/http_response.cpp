#include "net/http_response_parser.h"
#include "promise.h"
#include "targets.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>

namespace ocilot::fuzz {

namespace {

using net::HttpResponseParser;

constexpr HttpResponseParser::Limits limits{.head = 2048, .body = 4096};

/// What became of a response.
struct Outcome {
    bool whole = false;
    unsigned status = 0;
    std::string body = {};
    bool reusable = false;
    std::size_t headers = 0;
    friend bool operator==(Outcome const&, Outcome const&) = default;
};

void check_head(net::HttpResponseHead const& head) {
    promise(head.status >= 200 && head.status <= 599, "a final status");
    for (auto const& [name, value] : head.headers) {
        promise(!name.empty() && name.find_first_of(" \t:\r\n") == name.npos, "a header name is a token");
        promise(value.find_first_of(std::string_view("\r\n\0", 3)) == value.npos,
                "a header value is one line");
    }
}

/// Feeds a stream that arrives in pieces of `piece` bytes and is read `part` bytes at a time, as
/// HttpResponseBody does, then the end of the stream.
Outcome read(HttpResponseParser::Body kind, std::string_view stream, std::size_t piece, std::size_t part) {
    HttpResponseParser parser(kind, limits);
    Outcome outcome;
    std::string buffer(part, '\0');
    auto const out = std::as_writable_bytes(std::span(buffer));
    for (bool ended = false;;) {
        while (parser.head_done() && !parser.done()) {
            auto const made = parser.body(out);
            if (made.has_error()) return outcome;
            promise(*made <= part, "no more than there is room for");
            outcome.body.append(buffer, 0, *made);
            if (*made == 0) break;
        }
        if (parser.done()) break;
        promise(!ended, "a stream that has ended leads to a whole response or to an error");
        auto const direct = parser.head_done() ? parser.direct() : 0;
        auto const room = direct > 0
                              ? out.first(static_cast<std::size_t>(std::min<std::uint64_t>(direct, part)))
                              : parser.room();
        promise(!room.empty(), "there is room");
        auto const count = std::min({piece, stream.size(), room.size()});
        std::memcpy(room.data(), stream.data(), count);
        stream.remove_prefix(count);
        ended = count == 0;
        auto const taken = direct > 0 ? parser.passed(count) : parser.received(count);
        if (taken.has_error()) return outcome;
        if (direct > 0) outcome.body.append(buffer, 0, count);
    }
    outcome.whole = true;
    outcome.status = parser.head().status;
    outcome.headers = parser.head().headers.size();
    outcome.reusable = parser.reusable() && stream.empty();
    check_head(parser.head());
    promise(outcome.body.size() <= limits.body, "a body is inside its limit");
    auto const length = parser.head().length;
    promise(!length || *length == outcome.body.size(), "a length that was announced is that of the body");
    if (kind == HttpResponseParser::Body::none) promise(outcome.body.empty(), "nothing follows HEAD");
    return outcome;
}

}  // namespace

void http_response(std::string_view input) {
    for (auto const kind : {HttpResponseParser::Body::any, HttpResponseParser::Body::none}) {
        auto const outcome = read(kind, input, std::max<std::size_t>(input.size(), 1), 512);
        for (std::size_t const piece : {1, 3, 7}) {
            auto const other = read(kind, input, piece, 2 * piece);
            promise(other.whole == outcome.whole, "how the bytes arrive does not matter");
            if (outcome.whole) promise(other == outcome, "nor does it for the response");
        }
        if (!outcome.whole || !outcome.reusable || input.empty()) continue;
        // A response of which the end is known is not whole without its last byte.
        auto const cut = read(kind, input.substr(0, input.size() - 1), 64, 64);
        promise(!cut.whole, "a truncated response is never a whole one");
    }
}

}  // namespace ocilot::fuzz
