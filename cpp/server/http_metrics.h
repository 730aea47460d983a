#pragma once

#include "base/metrics.h"
#include "http/message.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <string_view>
#include <tuple>

namespace ocilot::server {

/// The metrics of requests as one I/O thread sees them: it asks the registry of metrics, which locks, once
/// for each route and status. Not thread-safe; one each thread.
class HttpMetrics {
  public:
    explicit HttpMetrics(Metrics& metrics);

    /// `route` is one of a small fixed set and lives as long as the program.
    void record(std::string_view route, http::Method method, unsigned status,
                std::chrono::microseconds duration);

    /// What counts the refusals of one limit; `reason` as for `route`.
    Counter& refused(std::string_view reason);

    Gauge& in_flight;
    Gauge& connections;
    Counter& request_bytes;
    Counter& response_bytes;

  private:
    Metrics& metrics_;
    std::map<std::tuple<std::string_view, http::Method, unsigned>, Counter*> requests_;
    std::map<std::string_view, Histogram*> seconds_;
    std::map<std::string_view, Counter*> refused_;
};

}  // namespace ocilot::server
