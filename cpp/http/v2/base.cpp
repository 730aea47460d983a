#include "http/v2/routes.h"
#include "oci/media_type.h"

namespace ocilot::http {

namespace {

/// `GET /`: what load balancers in front of a distribution registry ask.
Task<Result<Response>> get_root(Context const&) {
    Response response;
    response.set("Cache-Control", "no-cache");
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
                                "Whether anything answers here.",
                                {{{200, "Nothing, with length 0."}}},
                                {}}};
constexpr Verb base_verbs[] = {{Method::get,
                                Action::pull,
                                get_base,
                                "Whether this is a registry that the caller may use.",
                                {{{200, "`{}`"}}},
                                {}}};

constexpr Endpoint base_route_table[] = {
    row("/", "root", root_verbs),
    row("/v2/", "base", base_verbs),
};

}  // namespace

std::span<Endpoint const> base_routes() noexcept {
    return base_route_table;
}

}  // namespace ocilot::http
