#include "http/core/cors.h"

#include <algorithm>

namespace ocilot::http {

namespace {

constexpr std::string_view allowed_headers =
    "Authorization, Accept, Cache-Control, Content-Type, Content-Range, Docker-Distribution-Api-Version, "
    "If-Match, If-None-Match, If-Range, Range, X-Request-Id";
constexpr std::string_view exposed_headers =
    "Accept-Ranges, Content-Length, Content-Range, Docker-Content-Digest, Docker-Distribution-Api-Version, "
    "Docker-Upload-UUID, ETag, Link, Location, OCI-Filters-Applied, OCI-Subject, OCI-Tag, Range, "
    "Retry-After, "
    "Warning, WWW-Authenticate, X-Request-Id";
constexpr std::string_view max_age = "7200";  // Seconds; browsers keep no answer longer.

bool lists(CorsSettings const& settings, std::string_view origin) {
    return std::ranges::find(settings.origins, origin) != settings.origins.end();
}

void add(Response& response, std::string_view name, std::string_view value) {
    if (!response.has(name)) response.set(name, std::string(value));
}

}  // namespace

void allow_origin(CorsSettings const& settings, Request const& request, Response& response) {
    if (settings.origins.empty()) return;
    // A cache may not show one page the answer to another.
    response.set("Vary", "Origin");
    auto const origin = request.header("Origin");
    if (!origin) return;
    bool const listed = lists(settings, *origin);
    if (!listed && !lists(settings, "*")) return;
    add(response, "Access-Control-Allow-Origin", listed ? *origin : "*");
    if (listed && settings.credentials) add(response, "Access-Control-Allow-Credentials", "true");
    add(response, "Access-Control-Expose-Headers", exposed_headers);
}

std::optional<Response> preflight(CorsSettings const& settings, Request const& request,
                                  std::string_view methods) {
    if (request.method != Method::options || !request.header("Access-Control-Request-Method")) {
        return std::nullopt;
    }
    auto const origin = request.header("Origin");
    if (!origin || !(lists(settings, *origin) || lists(settings, "*"))) return std::nullopt;
    Response response{.status = 204};
    response.set("Access-Control-Allow-Methods", std::string(methods));
    response.set("Access-Control-Allow-Headers", std::string(allowed_headers));
    response.set("Access-Control-Max-Age", std::string(max_age));
    return response;
}

}  // namespace ocilot::http
