#include "server/http_metrics.h"

#include <algorithm>
#include <string>

namespace ocilot::server {

HttpMetrics::HttpMetrics(Metrics& metrics)
    : in_flight(metrics.gauge("ocilot_http_in_flight", "Requests in progress.")),
      connections(metrics.gauge("ocilot_http_connections", "Open client connections.")),
      streams(metrics.gauge("ocilot_http_streams",
                            "Responses without an end of their own, such as event streams.")),
      yielded(metrics.counter("ocilot_http_connections_yielded_total",
                              "Idle connections closed in favor of a new one.")),
      request_bytes(metrics.counter("ocilot_http_request_bytes_total", "Bytes of requests received.")),
      response_bytes(metrics.counter("ocilot_http_response_bytes_total", "Bytes of responses sent.")),
      metrics_(metrics) {}

void HttpMetrics::record(std::string_view route, http::Method method, unsigned status,
                         std::chrono::microseconds duration) {
    auto const& counted = kind(route, method, status);
    counted.requests->add();
    counted.seconds->observe(std::chrono::duration<double>(duration).count());
}

HttpMetrics::Kind const& HttpMetrics::kind(std::string_view route, http::Method method, unsigned status) {
    auto const same = [&](Kind const& known) {
        return known.status == status && known.method == method && known.route == route;
    };
    auto const found = std::ranges::find_if(kinds_, same);
    if (found != kinds_.end()) {
        // One step towards the front each time.
        if (found == kinds_.begin()) return *found;
        std::iter_swap(found, found - 1);
        return *(found - 1);
    }
    auto& requests = metrics_.counter("ocilot_http_requests_total", "Requests completed.",
                                      {{"route", std::string(route)},
                                       {"method", std::string(http::to_string(method))},
                                       {"code", std::to_string(status)}});
    auto& seconds =
        metrics_.histogram("ocilot_http_request_seconds",
                           "Time from the first byte of a request to the last byte of its response.",
                           duration_buckets(), {{"route", std::string(route)}});
    return kinds_.emplace_back(Kind{route, method, status, &requests, &seconds});
}

Counter& HttpMetrics::refused(std::string_view reason) {
    auto& counter = refused_[reason];
    if (counter == nullptr) {
        counter =
            &metrics_.counter("ocilot_http_refused_total", "Requests and connections rejected by a limit.",
                              {{"reason", std::string(reason)}});
    }
    return *counter;
}

}  // namespace ocilot::server
