#include "http/core/url.h"

#include "http/core/header.h"
#include "promise.h"
#include "targets.h"

#include <algorithm>
#include <array>

void ocilot::fuzz::url(std::string_view input) {
    static auto const name = oci::RepositoryName::parse("team/app").value();
    static oci::Digest const digest(oci::Algorithm::sha256, std::array<std::byte, 32>{});
    http::Request request;
    request.forwarded = true;
    while (!input.empty()) {
        auto line = http::cut(input, '\n');
        auto const key = http::cut(line, ':');
        request.headers.emplace_back(key, http::trimmed(line));
    }
    http::UrlSettings settings{.host = {}, .prefix = "/below/", .relative = false};
    auto const location = http::Urls(settings, request).blob(name, digest);
    auto const path = "/below/v2/team/app/blobs/" + digest.str();
    promise(location.ends_with(path), "whatever was forwarded, a location leads to the blob");
    auto origin = std::string_view(location).substr(0, location.size() - path.size());
    if (!origin.empty()) {
        auto const scheme = origin.substr(0, origin.find("://"));
        promise(http::same_token(scheme, "http") || http::same_token(scheme, "https"), "it is for HTTP");
        origin.remove_prefix(std::min(origin.size(), scheme.size() + 3));
        promise(!origin.empty() && origin.find_first_of("/?#@\\\"<>,;") == origin.npos,
                "nothing but a host gets into a location");
        promise(std::ranges::all_of(origin, [](char c) { return c > ' ' && c < 0x7f; }),
                "a location can be sent in a header");
    }
    settings.relative = true;
    promise(http::Urls(settings, request).blob(name, digest) == path, "a relative location is a path");
}
