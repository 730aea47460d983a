#pragma once

#include "net/networks.h"
#include "server/request_parser.h"

#include <string_view>

namespace ocilot::server {

/// Whose request it is: the other side of the connection or, where that is a proxy of ours (`trusted`), the
/// last address before our proxies that `X-Forwarded-For` or else `Forwarded` (RFC 7239) names. What anybody
/// else writes there is not believed. Borrows from both.
[[nodiscard]] std::string_view client_address(std::string_view peer, RequestHead const& request,
                                              net::Networks const& trusted);

}  // namespace ocilot::server
