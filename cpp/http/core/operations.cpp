#include "http/core/operations.h"

#include "http/core/errors.h"
#include "http/core/target.h"

#include <fmt/format.h>

namespace ocilot::http {

namespace {

constexpr std::string_view plain = "text/plain; charset=utf-8";
constexpr std::string_view prometheus = "text/plain; version=0.0.4; charset=utf-8";

Response text(unsigned status, std::string_view content_type, std::string body) {
    Response response{.status = status};
    response.set("Cache-Control", "no-store");
    response.text(content_type, std::move(body));
    return response;
}

/// `retry_after` in seconds: when the next probe is made, or when a process that ends may have a successor.
Response not_ready(std::string_view why, std::int64_t retry_after, std::string_view at = {}) {
    auto body = fmt::format("not ready: {}\n{}", why, at);
    return std::move(text(503, plain, std::move(body)).set("Retry-After", fmt::format("{}", retry_after)));
}

}  // namespace

Operations::Operations(registry::Registry& registry, Metrics& metrics)
    : registry_(registry),
      metrics_(metrics),
      readiness_(registry, metrics),
      quarantined_(
          metrics.gauge("ocilot_quarantined_blobs", "Quarantined blobs that were not pushed again yet.")) {}

bool Operations::serves(std::string_view path) noexcept {
    return path == "/healthz" || path == "/readyz" || path == "/metrics";
}

Task<Response> Operations::handle(Request const& request) {
    auto response = co_await respond(request);
    response.route = serves(raw_path(request.target)) ? "operations" : "unknown";
    co_return response;
}

Task<Response> Operations::respond(Request const& request) {
    auto const path = raw_path(request.target);
    if (!serves(path)) {
        co_return error_response(
            {Errc::not_found, "unknown endpoint: expected /healthz, /readyz or /metrics"});
    }
    if (request.method != Method::get && request.method != Method::head) {
        auto response =
            error_response({Errc::method_not_allowed, "method not allowed; allowed methods: GET, HEAD"});
        co_return std::move(response.set("Allow", "GET, HEAD"));
    }
    if (path == "/healthz") co_return text(200, plain, "ok\n");
    if (path == "/metrics") {
        co_await measure_stores();
        co_return text(200, prometheus, metrics_.text());
    }
    co_return co_await ready();
}

/// What a store cannot be asked now keeps its last value; `/readyz` shows that it fails.
Task<> Operations::measure_stores() {
    auto const quarantined = co_await registry_.meta.scrub().quarantined();
    if (quarantined.has_value()) quarantined_.set(static_cast<std::int64_t>(*quarantined));
    auto const room = co_await registry_.blobs.capacity();
    if (room.has_error() || !*room) co_return;
    metrics_
        .gauge("ocilot_storage_free_bytes",
               "Bytes free for the registry on the data directory's file system.")
        .set(static_cast<std::int64_t>((*room)->free));
    metrics_.gauge("ocilot_storage_total_bytes", "Size of the data directory's file system in bytes.")
        .set(static_cast<std::int64_t>((*room)->total));
}

Task<Response> Operations::ready() {
    if (draining_.load()) co_return not_ready("shutting down", 5);
    auto const probe = co_await readiness_.probe();
    auto const at = fmt::format("stores probed at {}\n", rfc3339(probe.at));
    if (!probe.trouble.empty()) co_return not_ready(probe.trouble, Readiness::fresh.count(), at);
    co_return text(200, plain, "ready\n" + at);
}

Response Operations::refuse(Error const& error) const {
    auto response = error_response(error);
    response.close = true;
    return response;
}

}  // namespace ocilot::http
