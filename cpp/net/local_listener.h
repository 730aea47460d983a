#pragma once

#include "base/result.h"
#include "net/socket.h"

#include <string>

namespace ocilot::net {

/// Listens at a path, a Unix-domain socket for its owner only (mode 0600). Replaces what a process that died
/// left there; the path may be of any length. config in one sentence if somebody listens there, something
/// else is there, or the directory does not allow it. The file stays until a SocketFile takes it away.
[[nodiscard]] Result<Acceptor> listen_locally(asio::io_context& context, std::string const& path);

}  // namespace ocilot::net
