#include "http/v2/routes.h"
#include "oci/media_type.h"

#include <fmt/format.h>

namespace ocilot::http {

namespace {

/// `GET /`: what load balancers in front of a distribution registry ask, and people in a browser.
Task<Result<Response>> get_root(Context const& context) {
    Response response;
    response.set("Cache-Control", "no-cache");
    response.text(
        "text/plain; charset=utf-8",
        fmt::format("ocilot, a container and OCI artifact registry. API: {} (OCI distribution-spec, "
                    "https://github.com/opencontainers/distribution-spec)\n",
                    context.urls.absolute("/v2/")));
    co_return response;
}

/// end-1: `GET /v2/`: whether this is a registry and the caller may use it.
Task<Result<Response>> get_base(Context const&) {
    Response response;
    response.text(oci::media_type::json, "{}");
    co_return response;
}

using policy::Action;

constexpr Verb root_verbs[] = {{Method::get,
                                std::nullopt,
                                get_root,
                                "What answers here, and where the API is.",
                                {{{200, "A line of text."}}},
                                {}}};
constexpr Verb base_verbs[] = {{Method::get,
                                Action::pull,
                                get_base,
                                "Check the API version and the credentials.",
                                {{{200, "`{}`"}}},
                                {}}};

constexpr Endpoint base_route_table[] = {
    row("/", "root", root_verbs),
    row("/v2/", "base", base_verbs),
};

}  // namespace

RouteTable base_routes() noexcept {
    return base_route_table;
}

}  // namespace ocilot::http
