#include "auth/hook_call_budget.h"
#include "base/json_text.h"
#include "http/core/cache_control.h"
#include "http/core/page.h"
#include "http/v2/routes.h"
#include "oci/media_type.h"

#include <algorithm>

namespace ocilot::http {

namespace {

/// A page of what the caller may see.
struct Visible {
    std::vector<std::string> names;
    bool more = false;
    std::string position;  ///< where the next page starts; may be a name the caller may not see
};

/// Of names that are looked at for a page, however short it is.
constexpr std::size_t least_looked_at = 100;

/// Looks at a number of names that depends on the page alone, until it is full: the time hardly tells of
/// those that the caller may not see, and neither do questions to hooks. A page may be short, or empty, and
/// go on.
Task<Result<Visible>> visible(Context const& context, meta::Page page) {
    auto start = page.after.value_or(std::string());
    auto const wanted = page.limit;
    page.limit = std::max(wanted, least_looked_at);
    CO_TRY(auto found,
           co_await registry::list_repositories(context.registry, context.caller, std::move(page)));
    Visible out{.names = {}, .more = found.more, .position = std::move(start)};
    auth::HookCallBudget hook_calls(context.guard, context.request.client);
    for (auto& text : found.items) {
        if (out.names.size() == wanted) {
            out.more = true;
            break;
        }
        CO_TRY(auto name, oci::RepositoryName::parse(text));
        policy::Access access{std::move(name), policy::Action::pull};
        // A token for the list is good for no repository.
        CO_TRY(auto const may, co_await hook_calls.may_without_limit(context.caller, std::move(access)));
        out.more = out.more || !may;
        if (!may) break;
        out.position = text;
        if (*may) out.names.push_back(std::move(text));
    }
    co_return out;
}

Task<Result<Visible>> everything(Context const& context, meta::Page page) {
    CO_TRY(auto found,
           co_await registry::list_repositories(context.registry, context.caller, std::move(page)));
    Visible out{std::move(found.items), found.more, {}};
    if (out.more) out.position = out.names.back();
    co_return out;
}

/// Where the page starts: a name, or what was sealed because it is one that the client may not see.
Result<meta::Page> page_of(Context const& context, PageQuery const& wanted) {
    auto page = wanted.page();
    if (!page.after || !auth::Sealer::is_sealed(*page.after)) return page;
    page.after = context.sealer.open(*page.after);
    if (page.after) return page;
    return Error{Errc::pagination_invalid, "invalid \"last\" parameter: restart from the first page"};
}

/// `GET /v2/_catalog`: the repositories that hold something and that the caller may pull, a page at a time.
Task<Result<Response>> get_catalog(Context const& context) {
    auto const& settings = context.settings;
    CO_TRY(auto const wanted,
           PageQuery::parse(context.query, settings.catalog_default, settings.catalog_limit));
    CO_TRY(auto page, page_of(context, wanted));
    bool const filters = context.guard.asks();
    Visible found;
    if (filters) {
        CO_TRY(found, co_await visible(context, std::move(page)));
    } else {
        CO_TRY(found, co_await everything(context, std::move(page)));
    }
    if (wanted.size == 0) found = {};
    std::string body = R"({"repositories":)";
    append_list(body, found.names);
    body += '}';
    Response response;
    response.text(oci::media_type::json, std::move(body));
    response.set("Cache-Control", mutable_content(context));
    if (found.more) {
        bool const may_be_told = !found.names.empty() && found.position == found.names.back();
        auto const last = may_be_told || !filters ? found.position : context.sealer.seal(found.position);
        Parameters const next{{"last", last}, {"n", std::to_string(wanted.size)}};
        response.set("Link", next_link(context.urls.local("/v2/_catalog"), next));
    }
    co_return response;
}

using policy::Action;

constexpr Verb catalog_verbs[] = {
    {Method::get,
     Action::pull,
     get_catalog,
     "List repositories that have a manifest; `?n=` page size, `?last=` last name of the previous page.",
     {{list_page}},
     {Errc::pagination_invalid},
     {},
     ChallengeScope::catalog}};

constexpr Endpoint catalog_route_table[] = {
    row("/v2/_catalog", "catalog", catalog_verbs),
};

}  // namespace

RouteTable catalog_routes() noexcept {
    return catalog_route_table;
}

}  // namespace ocilot::http
