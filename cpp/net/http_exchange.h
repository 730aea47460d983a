#pragma once

#include "base/result.h"
#include "base/task.h"
#include "net/conn.h"
#include "net/http_request.h"
#include "net/http_response_parser.h"
#include "net/time_budget.h"

#include <memory>
#include <string>

namespace ocilot::net {

/// One request on one connection, up to the head of its response. The request outlives it.
class HttpExchange {
  public:
    HttpExchange(std::unique_ptr<Conn> conn, HttpRequest& request, TimeBudget budget);

    /// Sends `head` and the body, then reads the response's head. A response that arrives before the whole
    /// body is sent ends the sending. Errors: unavailable, request_timeout, peer_closed, cancelled, io, and
    /// those of the request's source.
    Task<Result<>> run(std::string head);

    /// After an error: whether the other side has closed the connection without a byte of a response, and
    /// nothing is lost of the request's body.
    [[nodiscard]] bool can_repeat(Error const& error) const noexcept;
    /// After an error: whether it is that of the request's source.
    [[nodiscard]] bool source_failed() const noexcept { return source_failed_; }

    /// After success: the response's head and what reads its body.
    [[nodiscard]] HttpResponseHead& head() noexcept { return parser_->head(); }
    std::unique_ptr<Conn> take_conn() noexcept { return std::move(conn_); }
    std::unique_ptr<HttpResponseParser> take_parser() noexcept { return std::move(parser_); }
    /// Whether all of the request was sent.
    [[nodiscard]] bool sent() const noexcept { return sent_; }

  private:
    Task<Result<>> send(std::string head);
    Task<Result<>> send_source();
    Task<Result<>> write(ConstBytes bytes, bool more);
    /// Takes in what has arrived while the body is being sent.
    Task<Result<>> look();
    Task<Result<>> receive_head(std::chrono::milliseconds limit);

    std::unique_ptr<Conn> conn_;
    HttpRequest& request_;
    TimeBudget budget_;
    std::unique_ptr<HttpResponseParser> parser_;
    bool source_begun_ = false;
    bool source_failed_ = false;
    bool sent_ = false;
};

}  // namespace ocilot::net
