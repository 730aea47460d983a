#include "http/core/route.h"

namespace ocilot::http {

Verb const* Endpoint::find(Method method) const noexcept {
    if (method == Method::head) method = Method::get;
    for (auto const& verb : verbs) {
        if (verb.method == method) return &verb;
    }
    return nullptr;
}

std::string Endpoint::allow(std::optional<Method> except) const {
    std::string out;
    for (auto const& verb : verbs) {
        if (verb.method == except) continue;
        out += to_string(verb.method);
        out += verb.method == Method::get ? ", HEAD, " : ", ";
    }
    return out + "OPTIONS";
}

Errors common_errors() noexcept {
    return {Errc::bad_request,
            Errc::name_invalid,
            Errc::header_too_large,
            Errc::target_too_long,
            Errc::length_required,
            Errc::request_timeout,
            Errc::not_implemented,
            Errc::not_found,
            Errc::method_not_allowed,
            Errc::unauthorized,
            Errc::denied,
            Errc::quota_exceeded,
            Errc::too_many_requests,
            Errc::conflict,
            Errc::no_space,
            Errc::unavailable,
            Errc::io,
            Errc::internal};
}

Routes::Routes(std::initializer_list<RouteTable> tables) {
    for (auto const& table : tables)
        endpoints_.insert(endpoints_.end(), table.rows().begin(), table.rows().end());
}

std::optional<Route> Routes::find(std::string_view path) const noexcept {
    for (auto const& endpoint : endpoints_) {
        if (auto const route = match(endpoint, path)) return route;
    }
    return std::nullopt;
}

}  // namespace ocilot::http
