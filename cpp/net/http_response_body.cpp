#include "net/http_response_body.h"

#include "net/http_failure.h"

#include <algorithm>

namespace ocilot::net {

HttpResponseBody::HttpResponseBody(std::unique_ptr<Conn> conn, std::unique_ptr<HttpResponseParser> parser,
                                   TimeBudget budget, std::chrono::milliseconds stall, std::string request,
                                   Completion after)
    : conn_(std::move(conn)),
      parser_(std::move(parser)),
      length_(parser_->head().length),
      budget_(budget),
      stall_(stall),
      request_(std::move(request)),
      completion_(std::move(after)) {
    if (parser_->done()) finish();
}

Task<Result<std::size_t>> HttpResponseBody::read(std::span<std::byte> out) {
    if (failed_) co_return *failed_;
    if (!conn_ || out.empty()) co_return std::size_t{0};
    auto count = co_await read_on(out);
    if (count.has_error()) co_return fail(count.error());
    if (parser_->done()) finish();
    co_return count;
}

Task<Result<std::size_t>> HttpResponseBody::read_on(std::span<std::byte> out) {
    for (;;) {
        CO_TRY(auto const ready, parser_->body(out));
        if (ready > 0 || parser_->done()) co_return ready;
        if (budget_.spent()) co_return Error{Errc::request_timeout, "the response was not complete in time"};
        conn_->expires_after({.stall = stall_, .total = budget_.left()});
        auto const direct = parser_->direct();
        auto const room =
            direct > 0 ? out.first(static_cast<std::size_t>(std::min<std::uint64_t>(direct, out.size())))
                       : parser_->room();
        auto const count = co_await conn_->read_some(room);
        if (count.has_error() && count.error().code == Errc::request_timeout) {
            co_return Error{Errc::request_timeout, "the response body stopped arriving"};
        }
        CO_CHECK(count);
        CO_CHECK(direct > 0 ? parser_->passed(*count) : parser_->received(*count));
        if (direct > 0 && (*count > 0 || parser_->done())) co_return *count;
    }
}

Error HttpResponseBody::fail(Error const& why) {
    conn_.reset();
    failed_ = request_failed(request_, why);
    return *failed_;
}

void HttpResponseBody::finish() {
    auto conn = std::move(conn_);
    if (!completion_.keep || !parser_->reusable()) return;
    auto const executor = conn->executor();
    HttpConnectionPool::of(executor).put(std::move(completion_.key), std::move(conn), completion_.limits);
}

}  // namespace ocilot::net
