#pragma once

#include "net/conn.h"
#include "net/socket.h"
#include "net/tls_context.h"
#include "net/tls_trust.h"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace ocilot::net {

/// Bytes that stand in for sendfile(2) while a file is sent over TLS.
inline constexpr std::size_t tls_file_buffer = 128 * 1024;

/// What a client that speaks plain HTTP to a TLS port is told.
inline constexpr std::string_view plain_http_answer =
    "HTTP/1.1 400 Bad Request\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "Content-Length: 76\r\n"
    "Connection: close\r\n"
    "\r\n"
    "This port speaks HTTPS, the request came as plain HTTP: use an https:// URL\n";

/// Conn over TLS, server side, after its handshake, which may take `handshake_limit` in all (zero = no
/// limit). Errors: bad_request if the client speaks plain HTTP, which `to_plain_http` has answered by then (a
/// whole HTTP response, borrowed); peer_closed if the client went away or the two could not agree, with the
/// reason; request_timeout at the limit.
Task<Result<std::unique_ptr<Conn>>> accept_tls(Socket socket, std::shared_ptr<TlsContext> context,
                                               std::chrono::milliseconds handshake_limit,
                                               std::string_view to_plain_http = plain_http_answer);

/// Conn over TLS, client side, after its handshake with the server called `host` (a name, or a numeric
/// address without brackets), within `handshake_limit`. unavailable if it is not trusted, with the reason;
/// else as above.
Task<Result<std::unique_ptr<Conn>>> connect_tls(Socket socket, std::shared_ptr<TlsTrust> trust,
                                                std::string host, std::chrono::milliseconds handshake_limit);

}  // namespace ocilot::net
