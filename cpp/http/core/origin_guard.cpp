#include "http/core/origin_guard.h"

#include "auth/guard.h"
#include "base/quote.h"
#include "http/core/app.h"
#include "http/core/header.h"
#include "http/core/url.h"
#include "oci/media_type.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>

namespace ocilot::http {

namespace {

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

/// `registry.example` of `Registry.example.:5000`, `::1` of `[::1]:5000`.
std::string host_name(std::string_view authority) {
    if (authority.starts_with('[')) return lower(authority.substr(1, authority.find(']') - 1));
    auto name = authority.substr(0, authority.find(':'));
    if (name.ends_with('.')) name.remove_suffix(1);
    return lower(name);
}

bool is_loopback(std::string_view name) noexcept {
    bool const numeric = name.find_first_not_of("0123456789.") == name.npos;
    return name == "localhost" || name.ends_with(".localhost") || name == "::1" ||
           (numeric && name.starts_with("127."));
}

/// Host and port of `https://registry.example:443/`, without the scheme's own port; empty of `null`.
std::string authority_of(std::string_view origin) {
    auto const scheme_end = origin.find("://");
    if (scheme_end == origin.npos) return {};
    auto authority = origin.substr(scheme_end + 3);
    authority = authority.substr(0, authority.find('/'));
    for (std::string_view const port : {":80", ":443"}) {
        if (authority.ends_with(port)) authority.remove_suffix(port.size());
    }
    return lower(authority);
}

bool is_own(AppSettings const& settings, Request const& request, std::string_view origin) {
    auto const asked = authority_of(origin);
    if (asked.empty()) return false;
    auto const host = request.header("Host").value_or(std::string_view{});
    return asked == authority_of(fmt::format("http://{}", trimmed(host))) ||
           asked == authority_of(Urls(settings.urls, request).absolute("/"));
}

bool lists(CorsSettings const& cors, std::string_view origin) {
    return std::ranges::find(cors.origins, origin) != cors.origins.end();
}

/// Whether a browser sends such a request of another origin without asking first (Fetch standard, "simple").
bool is_simple(Request const& request) noexcept {
    if (request.method != Method::post) return false;
    auto type = request.header("Content-Type").value_or(std::string_view{});
    return !same_token(trimmed(cut(type, ';')), oci::media_type::json);
}

bool is_of_another_origin(AppSettings const& settings, Request const& request) {
    auto const origin = request.header("Origin");
    if (origin && lists(settings.cors, trimmed(*origin))) return false;
    // To every page it is allowed what it has asked for, not what it sends without asking.
    if (lists(settings.cors, "*") && !is_simple(request)) return false;
    if (origin && !is_own(settings, request, trimmed(*origin))) return true;
    auto const site = trimmed(request.header("Sec-Fetch-Site").value_or(std::string_view{}));
    return same_token(site, "cross-site") || same_token(site, "same-site");
}

bool reads(Method method) noexcept {
    return method == Method::get || method == Method::head || method == Method::options;
}

}  // namespace

bool HostNames::lists(Request const& request) const {
    auto const host = request.header("Host");
    if (!host || trimmed(*host).empty()) return true;
    // As nearly every client writes it.
    auto const as_written = host->substr(0, host->find(':'));
    if (std::ranges::any_of(names, [&](auto const& own) { return own == as_written; })) return true;
    auto const name = host_name(trimmed(*host));
    return is_loopback(name) || std::ranges::find(names, name) != names.end();
}

Result<> check_host(HostNames const& hosts, Request const& request) {
    if (!hosts.checked || request.local || hosts.lists(request)) return {};
    return Error{Errc::denied,
                 fmt::format("this registry has no accounts and does not accept host name {}: connect to "
                             "localhost, or add the name to ocilot.hostnames",
                             quote(trimmed(request.header("Host").value_or(std::string_view{}))))};
}

Result<> check_origin(AppSettings const& settings, Request const& request, std::string_view path) {
    if (request.local || reads(request.method)) return {};
    bool const administers = path.starts_with("/api/v1/");
    auto const authorization = request.header("Authorization").value_or(std::string_view{});
    if (!administers && auth::parse_bearer(authorization)) return {};
    if (is_of_another_origin(settings, request)) {
        return Error{Errc::denied,
                     fmt::format("requests of web pages of origin {} are not allowed; add the origin to "
                                 "ocilot.cors.origins to allow them",
                                 quote(trimmed(request.header("Origin").value_or("cross-site"))))};
    }
    if (administers && is_simple(request) && !request.header("Ocilot-Request")) {
        return Error{Errc::denied,
                     "a POST to the administration API needs Content-Type: application/json, or the header "
                     "Ocilot-Request: 1"};
    }
    return {};
}

}  // namespace ocilot::http
