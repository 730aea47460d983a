#include "http/app.h"

#include "http/errors.h"
#include "http/header.h"
#include "http/operations.h"
#include "http/route.h"

#include <algorithm>
#include <fmt/format.h>

namespace ocilot::http {

namespace {

/// What every answer carries. An operator's header replaces one of ours.
Response finished(Response response, AppSettings const& settings) {
    auto const ours = response.headers.size();
    for (auto const& [name, value] : settings.headers) response.set(name, value);
    auto const replaced = [&](auto const& header) {
        return std::any_of(settings.headers.begin(), settings.headers.end(),
                           [&](auto const& set) { return same_token(set.first, header.first); });
    };
    auto const end_of_ours = response.headers.begin() + static_cast<std::ptrdiff_t>(ours);
    response.headers.erase(std::remove_if(response.headers.begin(), end_of_ours, replaced), end_of_ours);
    if (!response.has("X-Content-Type-Options")) response.set("X-Content-Type-Options", "nosniff");
    if (!response.has("Docker-Distribution-Api-Version"))
        response.set("Docker-Distribution-Api-Version", "registry/2.0");
    return response;
}

/// The target below the prefix, which only clients from outside know of. Reads see several slashes as one, as
/// older scripts send them; for writes a name with an empty component is an invalid one.
Result<Target> read_target(Request const& request, AppSettings const& settings) {
    TRY(auto target, Target::parse(request.target));
    if (request.method == Method::get || request.method == Method::head) target.collapse_slashes();
    if (request.local) return target;
    auto const path = below_prefix(target.path, settings.urls.prefix);
    if (!path) {
        return Error{Errc::not_found, fmt::format("there is no such endpoint; the API is at {}/v2/",
                                                  Urls(settings.urls, request).local(""))};
    }
    target.path = std::string(*path);
    return target;
}

constexpr std::string_view all_methods = "GET, HEAD, PUT, POST, PATCH, DELETE, OPTIONS";

Response unrouted(Response response) {
    response.route = "unknown";
    return response;
}

Response options(std::string_view allow) {
    Response response{.status = 204};
    response.set("Allow", std::string(allow));
    return response;
}

/// For a method that has no row.
Response without_verb(Request const& request, Endpoint const& endpoint) {
    if (request.method == Method::options) return options(endpoint.allow());
    Error const error{Errc::method_not_allowed,
                      fmt::format("this endpoint does not know the method; it takes {}", endpoint.allow())};
    return std::move(error_response(error).set("Allow", endpoint.allow()));
}

}  // namespace

App::App(registry::Registry& registry, auth::Guard& guard, Operations& operations, AppSettings settings)
    : registry_(registry), guard_(guard), operations_(operations), settings_(std::move(settings)) {}

Task<Response> App::handle(Request const& request) {
    if (settings_.operations && Operations::serves(raw_path(request.target))) {
        co_return co_await operations_.handle(request);
    }
    // Before anybody is asked who he is: a browser's question carries no credentials.
    auto allowed = preflight(settings_.cors, request, all_methods);
    Response response;
    if (allowed) {
        response = std::move(*allowed);
    } else {
        response = co_await respond(request);
    }
    response = finished(std::move(response), settings_);
    allow_origin(settings_.cors, request, response);
    co_return response;
}

Task<Response> App::respond(Request const& request) {
    auto const target = read_target(request, settings_);
    if (target.has_error()) co_return unrouted(error_response(target.error()));
    if (request.method == Method::options && target->path == "*") co_return unrouted(options(all_methods));
    auto const route = find_route(target->path);
    if (!route) co_return unrouted(error_response({Errc::not_found, {}}));
    auto const& endpoint = *route->endpoint;
    auto const* const verb = endpoint.find(request.method);
    Response response;
    if (verb != nullptr) {
        auto answered = co_await answer(request, *target, *route, *verb);
        if (answered.has_value()) {
            response = std::move(*answered);
        } else {
            response = error_response(answered.error());
            if (response.status == 405) response.set("Allow", endpoint.allow(request.method));
        }
    } else {
        response = without_verb(request, endpoint);
    }
    response.route = endpoint.name;
    co_return response;
}

Task<Result<Response>> App::answer(Request const& request, Target const& target, Route const& route,
                                   Verb const& verb) {
    std::optional<oci::RepositoryName> name;
    if (!route.name.empty()) {
        CO_TRY(name, oci::RepositoryName::parse(route.name));
    }
    auto const credentials = request.header("Authorization").value_or(std::string_view{});
    CO_TRY(auto const caller, guard_.identify(credentials, request.peer));
    if (verb.action && guard_.asks()) {
        policy::Access const access{name, *verb.action};
        CO_CHECK(co_await guard_.require(caller, access));
    }
    Context const context{.request = request,
                          .query = target.query,
                          .registry = registry_,
                          .guard = guard_,
                          .settings = settings_,
                          .caller = caller,
                          .repository = name ? &*name : nullptr,
                          .item = route.item,
                          .urls = Urls(settings_.urls, request)};
    co_return co_await verb.handle(context);
}

Response App::refuse(Error const& error) const {
    auto response = finished(error_response(error), settings_);
    response.close = true;
    return response;
}

}  // namespace ocilot::http
