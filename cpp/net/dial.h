#pragma once

#include "base/result.h"
#include "base/task.h"
#include "net/socket.h"

#include <chrono>
#include <cstdint>
#include <string>

namespace ocilot::net {

/// A connection to a host, a name or a numeric address without brackets: its addresses are tried one after
/// the other, all within `limit`. Names are looked up off the I/O thread. unavailable with the reason.
Task<Result<Socket>> dial(std::string host, std::uint16_t port, std::chrono::milliseconds limit);

}  // namespace ocilot::net
