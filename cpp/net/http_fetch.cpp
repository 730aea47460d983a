#include "net/http_fetch.h"

#include "base/counted.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>

namespace ocilot::net {

namespace {

constexpr std::size_t first_piece = 16 * 1024;  // Bytes.

}  // namespace

Task<Result<std::string>> read_all(HttpBody& body, std::size_t limit) {
    std::string text;
    std::size_t size = 0;
    for (;;) {
        if (size == text.size()) text.resize(std::max(first_piece, 2 * size));
        auto const room = std::as_writable_bytes(std::span(text)).subspan(size);
        CO_TRY(auto const count, co_await body.read(room));
        size += count;
        if (size > limit) {
            co_return Error{Errc::unavailable,
                            fmt::format("the response body exceeds {}", counted_bytes(limit))};
        }
        if (count == 0) break;
    }
    text.resize(size);
    co_return text;
}

Task<Result<HttpDocument>> fetch(HttpClient& client, HttpRequest request) {
    auto const limit = std::min<std::uint64_t>(request.max_body, std::numeric_limits<std::size_t>::max());
    CO_TRY(auto response, co_await client.send(std::move(request)));
    HttpDocument document{response.status, std::move(response.headers), std::move(response.url), {}};
    CO_TRY(document.body, co_await read_all(*response.body, static_cast<std::size_t>(limit)));
    co_return document;
}

}  // namespace ocilot::net
