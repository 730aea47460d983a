#pragma once

#include "net/http_client.h"
#include "net/tls_trust.h"
#include "net/url.h"

#include <memory>

namespace ocilot::net {

/// HttpClient over sockets of its own: no proxy, nothing kept between two asks.
class DirectHttpClient final : public HttpClient {
  public:
    explicit DirectHttpClient(std::shared_ptr<TlsTrust> trust) : trust_(std::move(trust)) {}
    Task<Result<HttpAnswer>> fetch(HttpAsk ask) override;

  private:
    Task<Result<HttpAnswer>> ask_once(Url const& url, HttpAsk const& ask,
                                      std::chrono::steady_clock::time_point late);
    std::shared_ptr<TlsTrust> trust_;
};

}  // namespace ocilot::net
