#pragma once

#include "base/task.h"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace ocilot::net {

using Tcp = asio::ip::tcp;
using Endpoint = Tcp::endpoint;

/// Asio's socket and acceptor bound to the one executor type: nothing type-erased below Conn.
using Socket = asio::basic_stream_socket<Tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<Tcp, Executor>;

}  // namespace ocilot::net
