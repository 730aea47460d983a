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
    for (auto const& [name, value] : settings.headers) response.set(name, value);
    auto const has = [&](std::string_view name) {
        return std::any_of(response.headers.begin(), response.headers.end(),
                           [&](auto const& header) { return same_token(header.first, name); });
    };
    if (!has("X-Content-Type-Options")) response.set("X-Content-Type-Options", "nosniff");
    if (!has("Docker-Distribution-Api-Version")) response.set("Docker-Distribution-Api-Version", "registry/2.0");
    return response;
}

/// The target below the prefix. Reads see several slashes as one, as older scripts send them; for writes a name
/// with an empty component is an invalid one.
Result<Target> read_target(Request const& request, AppSettings const& settings) {
    TRY(auto target, Target::parse(request.target));
    if (request.method == Method::get || request.method == Method::head) target.collapse_slashes();
    auto const path = below_prefix(target.path, settings.urls.prefix);
    if (!path) {
        return Error{Errc::not_found, fmt::format("there is no such endpoint; the API is at {}/v2/",
                                                  Urls(settings.urls, request).local(""))};
    }
    target.path = std::string(*path);
    return target;
}

Response options(std::string allow) {
    Response response{.status = 204};
    response.set("Allow", std::move(allow));
    return response;
}

/// Checks the name, finds out who asks and whether they may, then lets the handler answer.
Task<Result<Response>> answer(Context context, Route route, Verb const& verb) {
    std::optional<oci::RepositoryName> name;
    if (!route.name.empty()) {
        CO_TRY(name, oci::RepositoryName::parse(route.name));
        context.repository = &*name;
    }
    co_return Error{};
}

}  // namespace

}  // namespace ocilot::http
