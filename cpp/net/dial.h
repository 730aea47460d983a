#pragma once

#include "base/result.h"
#include "base/task.h"
#include "net/address_policy.h"
#include "net/socket.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace ocilot::net {

/// How long an address may be silent before the next one is tried beside it (RFC 8305).
inline constexpr std::chrono::milliseconds next_address_after{250};

/// A connection to a host, a name or a numeric address without brackets, within `limit`. Names are looked up
/// off the I/O thread. denied if `policy` allows none of its addresses; unavailable with the reason;
/// cancelled.
Task<Result<Socket>> dial(std::string host, std::uint16_t port, AddressPolicy const& policy,
                          std::chrono::milliseconds limit);

/// A connection to the first of some addresses that answers: the next one is tried when one fails, or is
/// silent for `next_after`. Errors as above.
Task<Result<Socket>> connect_to_any(std::vector<Tcp::endpoint> addresses,
                                    std::chrono::milliseconds next_after, std::chrono::milliseconds limit);

}  // namespace ocilot::net
