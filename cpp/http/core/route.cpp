#include "http/core/route.h"

namespace ocilot::http {

namespace {

bool take_front(std::string_view& text, std::string_view literal) noexcept {
    if (!text.starts_with(literal)) return false;
    text.remove_prefix(literal.size());
    return true;
}

bool take_back(std::string_view& text, std::string_view literal) noexcept {
    if (!text.ends_with(literal)) return false;
    text.remove_suffix(literal.size());
    return true;
}

/// Takes the last segment off; it may not be empty.
bool take_last_segment(std::string_view& path, std::string_view& segment) noexcept {
    auto const slash = path.rfind('/');
    if (slash == std::string_view::npos || slash + 1 == path.size()) return false;
    segment = path.substr(slash + 1);
    path = path.substr(0, slash + 1);
    return true;
}

std::optional<Route> match(Endpoint const& endpoint, std::string_view path) noexcept {
    Route route{.endpoint = &endpoint, .name = {}, .item = {}};
    auto const& shape = endpoint.shape;
    if (shape.open_end) take_back(path, "/");
    if (shape.has_item && !take_last_segment(path, route.item)) return std::nullopt;
    if (!shape.has_name) return path == shape.before ? std::optional(route) : std::nullopt;
    if (!take_back(path, shape.after) || !take_front(path, shape.before) || path.empty()) return std::nullopt;
    route.name = path;
    return route;
}

}  // namespace

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
            Errc::too_many_requests,
            Errc::conflict,
            Errc::no_space,
            Errc::unavailable,
            Errc::io,
            Errc::internal};
}

Routes::Routes(std::initializer_list<std::span<Endpoint const>> tables) {
    for (auto const& table : tables) endpoints_.insert(endpoints_.end(), table.begin(), table.end());
}

std::optional<Route> Routes::find(std::string_view path) const noexcept {
    for (auto const& endpoint : endpoints_) {
        if (auto const route = match(endpoint, path)) return route;
    }
    return std::nullopt;
}

}  // namespace ocilot::http
