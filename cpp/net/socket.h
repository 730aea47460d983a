#pragma once

#include "base/task.h"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace ocilot::net {

using Tcp = asio::ip::tcp;

/// TCP over IPv4 or IPv6, or a Unix-domain stream: which one is the descriptor's business alone.
using Stream = asio::generic::stream_protocol;
using Endpoint = Stream::endpoint;

/// Asio's socket and acceptor bound to the one executor type: nothing type-erased below Conn.
using Socket = asio::basic_stream_socket<Stream, Executor>;
using Acceptor = asio::basic_socket_acceptor<Stream, Executor>;

}  // namespace ocilot::net
