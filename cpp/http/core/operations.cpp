#include "http/core/operations.h"

#include "http/core/errors.h"
#include "http/core/target.h"
#include "jobs/retention.h"
#include "registry/storage_room.h"

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

Operations::Operations(registry::Registry& registry, Metrics& metrics, jobs::Retention* retention)
    : registry_(registry),
      metrics_(metrics),
      retention_(retention),
      readiness_(registry, metrics),
      quarantined_(
          metrics.gauge("ocilot_quarantined_blobs", "Quarantined blobs that were not pushed again yet.")) {}

bool Operations::serves(std::string_view path) noexcept {
    return path == "/healthz" || path == "/readyz" || path == "/metrics";
}

Task<Response> Operations::handle(Request const& request) {
    return respond(request, request.local);
}

Task<Response> Operations::handle_for_administrator(Request const& request) {
    return respond(request, true);
}

Task<Response> Operations::respond(Request const& request, bool to_administrator) {
    auto response = co_await answer(request, to_administrator);
    response.route = serves(raw_path(request.target)) ? "operations" : "unknown";
    co_return response;
}

Task<Response> Operations::answer(Request const& request, bool to_administrator) {
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
    co_return co_await ready(to_administrator);
}

/// What a store cannot be asked now keeps its last value; `/readyz` shows that it fails.
Task<> Operations::measure_stores() {
    auto const quarantined = co_await registry_.meta.scrub().quarantined();
    if (quarantined.has_value()) quarantined_.set(static_cast<std::int64_t>(*quarantined));
    if (registry_.room != nullptr) (void)co_await registry_.room->measure();
    if (retention_ != nullptr) (void)co_await retention_->policies().measure();
}

Task<std::string> Operations::full_note(Probe probe, bool to_administrator) {
    std::optional<std::string> full;
    if (registry_.room != nullptr) {
        (void)co_await registry_.room->measure();  // What cannot be measured now keeps its last value.
        full = registry_.room->full();
    }
    if (!full && probe.full) full = "no space left on the file system, or its quota is used up";
    if (!full) co_return std::string();
    auto note = fmt::format("{}; uploads are refused\n", *full);
    bool const has_place = to_administrator && registry_.room != nullptr;
    if (has_place) note += fmt::format("data directory: {}\n", registry_.room->place());
    co_return note;
}

Task<Response> Operations::ready(bool to_administrator) {
    if (draining_.load()) co_return not_ready("shutting down", 5);
    auto const probe = co_await readiness_.probe();
    auto const at = fmt::format("stores probed at {}\n", rfc3339(probe.at));
    if (!probe.trouble.empty()) co_return not_ready(probe.trouble, Readiness::fresh.count(), at);
    // Pulls work, and so do deletes within the reserve: a load balancer must not take the registry away.
    auto const note = co_await full_note(probe, to_administrator);
    co_return text(200, plain, fmt::format("ready\n{}{}", note, at));
}

Response Operations::refuse(Error const& error) const {
    auto response = error_response(error);
    response.close = true;
    return response;
}

}  // namespace ocilot::http
