#pragma once

#include "base/result.h"
#include "base/task.h"
#include "net/address_policy.h"
#include "net/conn.h"
#include "net/proxy.h"
#include "net/time_budget.h"
#include "net/tls_trust.h"
#include "net/url.h"

#include <memory>

namespace ocilot::net {

/// Whom to connect to, and how. What it points to outlives the connecting.
struct HttpRoute {
    Url url;
    Proxy const* proxy;  ///< null: directly
    AddressPolicy const* addresses;
    std::shared_ptr<TlsTrust> trust;
};

/// A connection for requests to a route: TCP, for https through a proxy a tunnel, and TLS. A proxy resolves
/// the name itself; only an address in the URL is held against the policy then. Errors: denied,
/// request_timeout, unavailable, peer_closed, cancelled.
Task<Result<std::unique_ptr<Conn>>> connect(HttpRoute route, TimeBudget budget);

}  // namespace ocilot::net
