#pragma once

#include "base/clock.h"
#include "base/log.h"
#include "base/memory_budget.h"
#include "base/random.h"
#include "http/core/message.h"
#include "net/networks.h"
#include "server/access_log.h"
#include "server/dates.h"
#include "server/forwarded_warning.h"
#include "server/http_metrics.h"
#include "server/limits.h"

#include <string>

namespace ocilot::server {

class Connections;
class IdleSessions;

/// What the sessions of one listener on one I/O thread share.
struct SessionContext {
    http::Handler& handler;
    Clock const& clock;
    Random& random;
    Log const& log;
    AccessLog const* access_log;  ///< null: none is kept
    HttpMetrics& metrics;
    Dates& dates;
    Limits const& limits;
    net::Networks const& proxies;           ///< whose `Forwarded` and `X-Forwarded-*` are believed
    std::string& spare;                     ///< memory for the next answer; of the I/O thread
    Connections* connections = nullptr;     ///< counts them; null: nobody does
    bool local = false;                     ///< they come through the control socket
    bool draining = false;                  ///< answers end their connection
    bool names_clients = true;              ///< whether the proxies are also believed who a client is
    MemoryBudget* memory = nullptr;         ///< of what requests buffer; null: not counted
    ForwardedWarning* forwarded = nullptr;  ///< told of requests from no proxy that is trusted; may be null
    IdleSessions* idle = nullptr;           ///< lists those that wait for a request; null: no list is kept
};

}  // namespace ocilot::server
