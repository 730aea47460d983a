#include "http/core/url.h"

#include "http/core/forwarded.h"
#include "http/core/header.h"

#include <fmt/format.h>
#include <utility>

namespace ocilot::http {

namespace {

std::string_view without_slashes(std::string_view text) noexcept {
    while (text.starts_with('/')) text.remove_prefix(1);
    while (text.ends_with('/')) text.remove_suffix(1);
    return text;
}

/// The first value of a parameter in all elements of `Forwarded`: the proxy nearest to the client comes
/// first.
std::string_view forwarded(Request const& request, std::string_view parameter) {
    std::string_view value;
    for_each_element(request, "Forwarded", [&](std::string_view element) {
        if (value.empty()) value = forwarded_parameter(element, parameter);
    });
    return value;
}

std::string_view first_element(Request const& request, std::string_view name) noexcept {
    auto value = request.header(name).value_or(std::string_view{});
    return trimmed(cut(value, ','));
}

void take_scheme(RequestedOrigin& origin, std::string_view scheme) noexcept {
    for (std::string_view const known : {"http", "https"}) {
        if (same_token(scheme, known)) origin.scheme = known;
    }
}

bool is_usual_port(std::string_view scheme, std::string_view port) noexcept {
    return port == (scheme == "https" ? "443" : "80");
}

/// What a trusted proxy says, each thing in `Forwarded` or else in the header of its own. A port that comes
/// with the forwarded host is that of the host; `X-Forwarded-Port` takes the place of any other.
void take_forwarded(RequestedOrigin& origin, Request const& request) {
    take_scheme(origin, first_element(request, "X-Forwarded-Proto"));
    take_scheme(origin, forwarded(request, "proto"));
    auto host = parse_authority(forwarded(request, "host"));
    if (!host) host = parse_authority(first_element(request, "X-Forwarded-Host"));
    if (host) origin.authority = *host;
    auto const port = first_element(request, "X-Forwarded-Port");
    if (!is_port(port) || (host && !host->port.empty())) return;
    origin.authority.port = is_usual_port(origin.scheme, port) ? std::string_view() : port;
}

/// `http.host` in two: what a browser calls its origin, and the path below it without a slash at its end.
std::pair<std::string_view, std::string_view> split_host(std::string_view host) noexcept {
    while (host.ends_with('/')) host.remove_suffix(1);
    auto const absolute = split_absolute(host);
    if (!absolute) return {host, {}};
    return {host.substr(0, host.size() - absolute->rest.size()), absolute->rest};
}

}  // namespace

RequestedOrigin requested_origin(Request const& request) {
    RequestedOrigin origin{.scheme = request.tls ? "https" : "http", .authority = {}};
    auto const host = parse_authority(trimmed(request.header("Host").value_or(std::string_view{})));
    if (host) origin.authority = *host;
    if (request.forwarded) take_forwarded(origin, request);
    return origin;
}

std::string Urls::manifest(oci::RepositoryName const& repository, oci::Digest const& digest) const {
    return location(fmt::format("/v2/{}/manifests/{}", repository.str(), digest.str()));
}

std::string Urls::blob(oci::RepositoryName const& repository, oci::Digest const& digest) const {
    return location(fmt::format("/v2/{}/blobs/{}", repository.str(), digest.str()));
}

std::string Urls::upload(oci::RepositoryName const& repository, std::string_view segment) const {
    return location(fmt::format("/v2/{}/blobs/uploads/{}", repository.str(), segment));
}

std::string Urls::local(std::string_view path) const {
    if (request_.local) return std::string(path);  // The control socket is below nothing.
    std::string whole(split_host(settings_.host).second);
    if (auto const prefix = without_slashes(settings_.prefix); !prefix.empty()) {
        whole += '/';
        whole += prefix;
    }
    whole += path;
    return whole;
}

std::string Urls::location(std::string_view path) const {
    return settings_.relative ? local(path) : origin() + local(path);
}

std::string Urls::origin() const {
    if (!settings_.host.empty()) return std::string(split_host(settings_.host).first);
    auto const [scheme, authority] = requested_origin(request_);
    auto const& [name, port] = authority;
    // HTTP/1.0 has no Host: a path is then all that can be said.
    if (name.empty()) return {};
    return fmt::format("{}://{}{}{}", scheme, name, port.empty() ? "" : ":", port);
}

std::optional<std::string_view> below_prefix(std::string_view path, std::string_view prefix) noexcept {
    prefix = without_slashes(prefix);
    if (prefix.empty()) return path;
    if (!path.starts_with('/') || !path.substr(1).starts_with(prefix)) return std::nullopt;
    path.remove_prefix(1 + prefix.size());
    if (path.empty()) return "/";
    if (!path.starts_with('/')) return std::nullopt;
    return path;
}

}  // namespace ocilot::http
