#include "base/json_text.h"
#include "http/api/openapi_document.h"
#include "http/api/routes.h"
#include "http/core/route.h"
#include "oci/media_type.h"

namespace ocilot::http {

namespace {

/// Written once: the tables do not change.
std::string const& rest_of_document(Routes const& routes) {
    static std::string const rest = openapi_document(routes.endpoints());
    return rest;
}

/// `GET /api/v1/openapi.json`: what every registry of this version has, and so a secret of none.
Task<Result<Response>> get_openapi(Context const& context) {
    std::string body = R"({"servers":[{)";
    auto const place = context.urls.local("");
    append_member(body, "url", place.empty() ? "/" : place);
    body += "}],";
    body += rest_of_document(context.routes);
    Response response;
    response.set("Cache-Control", "no-cache");
    response.text(oci::media_type::json, std::move(body));
    co_return response;
}

constexpr Verb openapi_verbs[] = {{Method::get,
                                   std::nullopt,
                                   get_openapi,
                                   "Get the OpenAPI 3.1 document of the administration API.",
                                   {{{200, "The document.", &schema::any_object}}},
                                   {},
                                   Operation{}}};

constexpr Endpoint openapi_route_table[] = {
    row("/api/v1/openapi.json", "openapi", openapi_verbs),
};

}  // namespace

RouteTable openapi_routes() noexcept {
    return openapi_route_table;
}

}  // namespace ocilot::http
