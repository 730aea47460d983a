#include "http/handlers.h"
#include "http/json.h"
#include "http/page.h"
#include "oci/media_type.h"

namespace ocilot::http {

/// `GET /v2/_catalog`: the repositories that hold something, a page at a time.
Task<Result<Response>> get_catalog(Context const& context) {
    auto const& settings = context.settings;
    CO_TRY(auto const wanted,
           PageQuery::parse(context.query, settings.catalog_default, settings.catalog_limit));
    CO_TRY(auto found, co_await registry::list_repositories(context.registry, context.caller, wanted.page()));
    if (wanted.size == 0) found = {};
    std::string body = R"({"repositories":)";
    append_list(body, found.items);
    body += '}';
    Response response;
    response.text(oci::media_type::json, std::move(body));
    if (found.more) {
        Parameters const next{{"last", found.items.back()}, {"n", std::to_string(wanted.size)}};
        response.set("Link", next_link(context.urls.local("/v2/_catalog"), next));
    }
    co_return response;
}

}  // namespace ocilot::http
