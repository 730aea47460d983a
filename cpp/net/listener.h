#pragma once

#include "base/result.h"
#include "net/socket.h"

#include <string_view>
#include <vector>

namespace ocilot::net {

// One listening socket serves every core: `listen` binds it without SO_REUSEPORT, so that a second registry
// on the same port fails instead of silently taking half of the connections, and `share` hands a duplicate of
// its descriptor to each further I/O context. All contexts wake for a connection and the first one to accept
// gets it (EPOLLEXCLUSIVE cannot be had through Asio); the others find nothing and wait on. That is cheap
// because clients of a registry keep their connections, and it favours the core that has nothing to do.

/// Binds and listens. `address` is `HOST:PORT`, `:PORT` (every interface, IPv6 and IPv4) or `[V6]:PORT`;
/// port 0 takes a free one, `local_endpoint()` tells which. May block to resolve a host name.
/// config in one sentence if the address is malformed, occupied, forbidden or not of this machine.
[[nodiscard]] Result<Acceptor> listen(asio::io_context& context, std::string_view address);

/// The same on every address that clients may mean by `address`: `localhost:PORT` is 127.0.0.1 and ::1, or
/// the one of them that this machine has; anything else is one address. All have the same port, of which the
/// first is bound first.
[[nodiscard]] Result<std::vector<Acceptor>> listen_everywhere(asio::io_context& context,
                                                              std::string_view address);

/// The same listening socket for another I/O context. unavailable if there is no file descriptor left.
[[nodiscard]] Result<Acceptor> share(Acceptor& listening, asio::io_context& context);

/// The next connection, non-blocking and closed on exec; connections that are gone before they are accepted
/// are passed over. cancelled when the acceptor is closed, unavailable when there are no file descriptors or
/// no memory left: wait a little, then go on.
[[nodiscard]] Task<Result<Socket>> accept(Acceptor& acceptor);

}  // namespace ocilot::net
