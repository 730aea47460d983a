#pragma once

#include "base/result.h"
#include "base/task.h"
#include "net/conn.h"
#include "net/http_client.h"
#include "net/url.h"

namespace ocilot::net {

/// bad_request if method or headers would break the framing of a request.
[[nodiscard]] Result<> check_ask(HttpAsk const& ask);

/// Sends one request, which is the last of its connection, and reads the answer: HTTP/1.1 or 1.0, with
/// Content-Length, chunked or up to the end of the stream. unavailable with the reason if it is too large or
/// no HTTP or ends early, else the errors of `conn`.
Task<Result<HttpAnswer>> exchange(Conn& conn, Url const& url, HttpAsk const& ask);

}  // namespace ocilot::net
