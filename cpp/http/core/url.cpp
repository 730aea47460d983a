#include "http/core/url.h"

#include "http/core/header.h"

#include <fmt/format.h>

namespace ocilot::http {

namespace {

constexpr std::size_t longest_host = 261;  // A DNS name, a colon and a port.

struct Origin {
    std::string_view scheme;
    std::string_view host;
};

std::string_view without_slashes(std::string_view text) noexcept {
    while (text.starts_with('/')) text.remove_prefix(1);
    while (text.ends_with('/')) text.remove_suffix(1);
    return text;
}

bool is_scheme(std::string_view text) noexcept {
    return same_token(text, "http") || same_token(text, "https");
}

/// A host with an optional port, by its characters: enough that it cannot break out of its place in a URL.
bool is_host(std::string_view text) noexcept {
    return !text.empty() && text.size() <= longest_host &&
           text.find_first_not_of(
               "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
               "0123456789.-_:[]%") == std::string_view::npos;
}

void take(Origin& origin, std::string_view scheme, std::string_view host) noexcept {
    if (is_scheme(scheme)) origin.scheme = scheme;
    if (is_host(host)) origin.host = host;
}

/// `for=192.0.2.1;proto=https;host="registry.example"`: the first element is the proxy nearest to the client.
void take_forwarded(Origin& origin, std::string_view value) noexcept {
    auto element = cut(value, ',');
    while (!element.empty()) {
        auto pair = cut(element, ';');
        auto const name = trimmed(cut(pair, '='));
        auto content = trimmed(pair);
        if (content.size() >= 2 && content.starts_with('"') && content.ends_with('"')) {
            content = content.substr(1, content.size() - 2);
        }
        if (same_token(name, "proto")) take(origin, content, {});
        if (same_token(name, "host")) take(origin, {}, content);
    }
}

std::string_view first_element(Request const& request, std::string_view name) noexcept {
    auto value = request.header(name).value_or(std::string_view{});
    return trimmed(cut(value, ','));
}

}  // namespace

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
    // The control socket knows of no prefix.
    auto const prefix = request_.local ? std::string_view() : without_slashes(settings_.prefix);
    return prefix.empty() ? std::string(path) : fmt::format("/{}{}", prefix, path);
}

std::string Urls::location(std::string_view path) const {
    return settings_.relative ? local(path) : origin() + local(path);
}

std::string Urls::origin() const {
    if (!settings_.host.empty()) {
        std::string_view host = settings_.host;
        while (host.ends_with('/')) host.remove_suffix(1);
        return std::string(host);
    }
    Origin origin{.scheme = request_.tls ? "https" : "http", .host = {}};
    take(origin, {}, trimmed(request_.header("Host").value_or(std::string_view{})));
    if (auto const forwarded = request_.header("Forwarded")) {
        take_forwarded(origin, *forwarded);
    } else {
        take(origin, first_element(request_, "X-Forwarded-Proto"),
             first_element(request_, "X-Forwarded-Host"));
    }
    // HTTP/1.0 has no Host: a path is then all that can be said.
    return origin.host.empty() ? std::string() : fmt::format("{}://{}", origin.scheme, origin.host);
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
