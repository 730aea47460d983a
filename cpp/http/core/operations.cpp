#include "http/core/operations.h"

#include "http/core/errors.h"
#include "http/core/target.h"

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

Response not_ready(std::string_view why) {
    std::string body = "not ready: ";
    body += why;
    body += '\n';
    return std::move(text(503, plain, std::move(body)).set("Retry-After", "5"));
}

}  // namespace

Operations::Operations(registry::Registry& registry, Metrics& metrics)
    : registry_(registry),
      metrics_(metrics),
      quarantined_(metrics.gauge("ocilot_quarantined_blobs",
                                 "Blobs whose bytes were wrong and that nobody has pushed again yet.")) {}

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
        co_return error_response({Errc::not_found, "ask for /healthz, /readyz or /metrics here"});
    }
    if (request.method != Method::get && request.method != Method::head) {
        auto response = error_response({Errc::method_not_allowed, "only GET and HEAD are answered here"});
        co_return std::move(response.set("Allow", "GET, HEAD"));
    }
    if (path == "/healthz") co_return text(200, plain, "ok\n");
    if (path == "/metrics") {
        auto const quarantined = co_await registry_.meta.scrub().quarantined();
        if (quarantined.has_value()) quarantined_.set(static_cast<std::int64_t>(*quarantined));
        co_return text(200, prometheus, metrics_.text());
    }
    if (draining_.load()) co_return not_ready("shutting down");
    auto const blobs = co_await registry_.blobs.check();
    if (blobs.has_error()) co_return not_ready("the blob store does not answer");
    auto const facts = co_await registry_.meta.check();
    if (facts.has_error()) co_return not_ready("the metadata store does not answer");
    co_return text(200, plain, "ready\n");
}

Response Operations::refuse(Error const& error) const {
    auto response = error_response(error);
    response.close = true;
    return response;
}

}  // namespace ocilot::http
