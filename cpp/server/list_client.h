#pragma once

#include "base/blocking_pool.h"
#include "base/metrics.h"
#include "net/http_client.h"
#include "net/networks.h"

#include <memory>
#include <mutex>
#include <string>

namespace ocilot::server {

/// Fetches lists of images in use. Made when the first is fetched: most registries need no certificate
/// authorities in their memory. Thread-safe.
class ListClient final : public net::HttpClient {
  public:
    /// `authorities`: a file, empty for those of the system; `networks`: private ones that may be asked.
    ListClient(std::string authorities, net::Networks networks, BlockingPool& pool, Metrics& metrics);

    Task<Result<net::HttpResponse>> send(net::HttpRequest request) override;

  private:
    Result<std::shared_ptr<net::HttpClient>> make();

    std::string const authorities_;
    net::Networks const networks_;
    BlockingPool& pool_;
    Metrics& metrics_;
    std::mutex mutex_;
    std::shared_ptr<net::HttpClient> client_;  // Null before the first list.
};

}  // namespace ocilot::server
