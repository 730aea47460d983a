#include "http/core/read_body.h"

#include "base/counted.h"

#include <algorithm>
#include <fmt/format.h>
#include <span>

namespace ocilot::http {

namespace {

constexpr std::size_t piece = 64 * 1024;  // Bytes asked for at once when the length is not known.

constexpr std::size_t small = 64 * 1024;

/// Says what is too large; asked only then.
using Refusal = Error (*)(std::size_t limit);

Error manifest_too_large(std::size_t limit) {
    return {Errc::manifest_too_large, fmt::format("manifest exceeds the limit of {}; the operator "
                                                  "of this registry can raise ocilot.manifestlimit",
                                                  counted_bytes(limit))};
}

Error body_too_large(std::size_t limit) {
    return {Errc::body_too_large, fmt::format("request body exceeds the limit of {} bytes", limit)};
}

Task<Result<std::string>> read(Request const& request, std::size_t limit, Refusal too_large) {
    if (request.content_length && *request.content_length > limit) co_return too_large(limit);
    std::string body;
    std::size_t filled = 0;
    // One byte more than promised: the end has to be seen. Memory follows what has come, not what was
    // promised.
    auto const most = static_cast<std::size_t>(request.content_length.value_or(limit)) + 1;
    while (true) {
        if (filled == body.size()) {
            auto const next = std::min(std::max(2 * filled, piece), most);
            if (request.memory != nullptr) {
                CO_CHECK(request.memory->reserve(next));
            }
            body.resize(next);
        }
        std::span<std::byte> const room = std::as_writable_bytes(std::span(body)).subspan(filled);
        CO_TRY(auto const got, co_await request.body->read(room));
        if (got == 0) break;
        filled += got;
        if (filled > limit) co_return too_large(limit);
    }
    body.resize(filled);
    co_return body;
}

}  // namespace

Task<Result<std::string>> read_body(Request const& request, std::size_t limit) {
    return read(request, limit, manifest_too_large);
}

Task<Result<std::string>> read_small_body(Request const& request) {
    return read(request, small, body_too_large);
}

}  // namespace ocilot::http
