#pragma once

#include "base/metrics.h"
#include "http/core/message.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

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
    Gauge& streams;
    Counter& yielded;
    Counter& request_bytes;
    Counter& response_bytes;

  private:
    Metrics& metrics_;
    /// What is counted for one kind of request; there are some dozens, so that looking through is quick.
    struct Kind {
        std::string_view route;
        http::Method method;
        unsigned status;
        Counter* requests;
        Histogram* seconds;
    };
    Kind const& kind(std::string_view route, http::Method method, unsigned status);

    std::vector<Kind> kinds_;  // The ones seen most come first.
    std::map<std::string_view, Counter*> refused_;
};

}  // namespace ocilot::server
