#include "base/json_text.h"
#include "http/core/cache_control.h"
#include "http/core/page.h"
#include "http/v2/alias.h"
#include "http/v2/routes.h"
#include "oci/media_type.h"

namespace ocilot::http {

namespace {

/// Most tags answered to a client that names no number: old clients do not follow links, but no answer may
/// grow without bound.
constexpr std::size_t tags_without_n = 10000;

/// end-8: `GET /v2/<name>/tags/list`.
Task<Result<Response>> get_tags(Context const& context) {
    CO_TRY(auto const wanted, PageQuery::parse(context.query, tags_without_n, context.settings.tags_limit));
    auto listed = co_await registry::list_tags(context.registry, context.name(), wanted.page());
    if (listed.has_error() && may_be_alias(context, listed.error())) {
        CO_TRY(auto const target, co_await alias_after(context, listed.error()));
        listed = co_await registry::list_tags(context.registry, target, wanted.page());
    }
    CO_TRY(auto found, std::move(listed));
    if (wanted.size == 0) found = {};
    std::string body = "{";
    append_member(body, "name", context.name().str());
    body += R"(,"tags":)";
    append_list(body, found.items);
    body += '}';
    Response response;
    response.text(oci::media_type::json, std::move(body));
    response.set("Cache-Control", mutable_content(context));
    if (found.more) {
        Parameters const next{{"last", found.items.back()}, {"n", std::to_string(wanted.size)}};
        response.set("Link",
                     next_link(context.urls.local("/v2/" + context.name().str() + "/tags/list"), next));
    }
    co_return response;
}

using policy::Action;

constexpr Verb tags_verbs[] = {
    {Method::get,
     Action::pull,
     get_tags,
     "List tags of a repository; `?n=` page size, `?last=` last tag of the previous page.",
     {{list_page}},
     {Errc::pagination_invalid, Errc::name_unknown}}};

constexpr Endpoint tag_route_table[] = {
    row("/v2/<name>/tags/list", "tags", tags_verbs),
};

}  // namespace

RouteTable tag_routes() noexcept {
    return tag_route_table;
}

}  // namespace ocilot::http
