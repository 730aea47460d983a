#pragma once

#include "net/conn.h"
#include "net/socket.h"

#include <memory>

namespace ocilot::net {

/// Conn over a connected TCP socket. To be made on the thread of the socket's executor: it blocks SIGPIPE
/// there, because sendfile(2) has no other way not to raise it.
[[nodiscard]] std::unique_ptr<Conn> make_tcp_conn(Socket socket);

}  // namespace ocilot::net
