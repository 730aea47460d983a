#pragma once

#include "base/metrics.h"
#include "net/address_policy.h"
#include "net/http_client.h"
#include "net/http_connection_pool.h"
#include "net/proxy_rules.h"
#include "net/tls_trust.h"

#include <memory>
#include <string>

namespace ocilot::net {

/// HttpClient over sockets of its own: HTTP/1.1, connections kept for later requests on the same I/O context.
/// A request that can be repeated is sent once more, on a new connection, if a kept one turns out to be
/// closed.
class PooledHttpClient final : public HttpClient {
  public:
    struct Settings {
        std::string name = {};                      ///< in metrics: who sends these requests
        std::shared_ptr<TlsTrust> trust = nullptr;  ///< null: no https
        ProxyRules proxies = {};
        AddressPolicy addresses = AddressPolicy::any();
        HttpConnectionPool::Limits idle = {};
    };

    PooledHttpClient(Settings settings, Metrics& metrics);
    Task<Result<HttpResponse>> send(HttpRequest request) override;

  private:
    struct Shared;
    class Sending;
    std::shared_ptr<Shared const> shared_;
};

}  // namespace ocilot::net
