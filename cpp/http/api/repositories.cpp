#include "http/api/admin.h"
#include "http/api/routes.h"
#include "http/core/json_members.h"
#include "http/core/page.h"
#include "registry/actor.h"

#include <nlohmann/json.hpp>

namespace ocilot::http {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t page_without_n = 100;
constexpr std::size_t longest_page = 1000;

meta::RepositoryAdmin& admin_of(Context const& context) {
    return context.registry.meta.catalog().admin();
}

Json json_of(meta::RepositorySummary const& repository) {
    return {{"name", repository.name},
            {"tags", repository.tags},
            {"manifests", repository.manifests},
            {"blobs", repository.blobs},
            {"bytes", repository.bytes}};
}

Json json_of(meta::RepositoryAlias const& alias) {
    return {{"name", alias.name}, {"target", alias.target}, {"created_at", rfc3339(alias.created_at)}};
}

/// `GET /api/v1/repositories?prefix=&n=&last=`.
Task<Result<Response>> get_repositories(Context const& context) {
    CO_TRY(auto const wanted, PageQuery::parse(context.query, page_without_n, longest_page));
    std::string const prefix(context.query.first("prefix").value_or(std::string_view{}));
    CO_TRY(auto found, co_await admin_of(context).list(prefix, wanted.page()));
    if (wanted.size == 0) found = {};
    auto list = Json::array();
    for (auto const& repository : found.items) list.push_back(json_of(repository));
    auto response = json_response(200, {{"repositories", std::move(list)}});
    if (found.more) {
        Parameters next{{"last", found.items.back().name}, {"n", std::to_string(wanted.size)}};
        if (!prefix.empty()) next.emplace_back("prefix", prefix);
        response.set("Link", next_link(context.urls.local("/api/v1/repositories"), next));
    }
    co_return response;
}

/// `GET /api/v1/repositories/<name>`.
Task<Result<Response>> get_repository(Context const& context) {
    CO_TRY(auto const found, co_await admin_of(context).find(context.name()));
    co_return json_response(200, json_of(found));
}

/// `DELETE /api/v1/repositories/<name>`.
Task<Result<Response>> delete_repository(Context const& context) {
    CO_TRY(auto const removed,
           co_await admin_of(context).remove(context.name(), registry::actor_of(context.caller),
                                             context.registry.clock.now()));
    co_return json_response(200, json_of(removed));
}

/// `PATCH /api/v1/repositories/<name>`: another name.
Task<Result<Response>> patch_repository(Context const& context) {
    CO_TRY(auto members, co_await JsonMembers::of_body(context.request));
    CO_TRY(auto const text, members.required_text("name"));
    CO_TRY(auto const alias, members.flag("alias"));
    CO_CHECK(members.reject_unknown());
    CO_TRY(auto const name, oci::RepositoryName::parse(text));
    meta::RepositoryRename const what{context.name(), name, alias.value_or(false)};
    CO_TRY(auto const renamed, co_await admin_of(context).rename(what, registry::actor_of(context.caller),
                                                                 context.registry.clock.now()));
    co_return json_response(200, json_of(renamed));
}

/// `GET /api/v1/aliases?n=&last=`.
Task<Result<Response>> get_aliases(Context const& context) {
    CO_TRY(auto const wanted, PageQuery::parse(context.query, page_without_n, longest_page));
    CO_TRY(auto found, co_await admin_of(context).aliases(wanted.page()));
    if (wanted.size == 0) found = {};
    auto list = Json::array();
    for (auto const& alias : found.items) list.push_back(json_of(alias));
    auto response = json_response(200, {{"aliases", std::move(list)}});
    if (found.more) {
        Parameters const next{{"last", found.items.back().name}, {"n", std::to_string(wanted.size)}};
        response.set("Link", next_link(context.urls.local("/api/v1/aliases"), next));
    }
    co_return response;
}

/// `PUT /api/v1/aliases/<name>`.
Task<Result<Response>> put_alias(Context const& context) {
    CO_TRY(auto members, co_await JsonMembers::of_body(context.request));
    CO_TRY(auto const text, members.required_text("target"));
    CO_CHECK(members.reject_unknown());
    CO_TRY(auto const target, oci::RepositoryName::parse(text));
    CO_CHECK(co_await admin_of(context).set_alias(context.name(), target, registry::actor_of(context.caller),
                                                  context.registry.clock.now()));
    co_return json_response(200, {{"name", context.name().str()}, {"target", target.str()}});
}

/// `DELETE /api/v1/aliases/<name>`.
Task<Result<Response>> delete_alias(Context const& context) {
    CO_CHECK(co_await admin_of(context).remove_alias(context.name(), registry::actor_of(context.caller),
                                                     context.registry.clock.now()));
    co_return Response{.status = 204};
}

using policy::Action;

constexpr Verb repositories_verbs[] = {
    {Method::get,
     Action::admin,
     get_repositories,
     "List repositories with the numbers of their tags, manifests and blobs; `?prefix=` beginning of the "
     "name, `?n=` page size, `?last=` last name of the previous page.",
     {{list_page}},
     {Errc::pagination_invalid}}};
constexpr Verb repository_verbs[] = {
    {Method::get,
     Action::admin,
     get_repository,
     "Get the numbers of tags, manifests and blobs of a repository, and the size of its blobs.",
     {{{200, "The repository."}}},
     {Errc::name_unknown}},
    {Method::patch,
     Action::admin,
     patch_repository,
     "Rename a repository to `name`; with `alias`, it can still be pulled under its old name.",
     {{{200, "The repository under its new name."}}},
     {Errc::name_unknown, Errc::body_too_large}},
    {Method::del,
     Action::admin,
     delete_repository,
     "Delete a repository with everything in it. Its content can be restored during the grace period.",
     {{{200, "What was deleted."}}},
     {Errc::name_unknown}}};
constexpr Verb aliases_verbs[] = {
    {Method::get,
     Action::admin,
     get_aliases,
     "List the aliases; `?n=` page size, `?last=` last name of the previous page.",
     {{list_page}},
     {Errc::pagination_invalid}}};
constexpr Verb alias_verbs[] = {
    {Method::put,
     Action::admin,
     put_alias,
     "Make a name an alias of the repository `target`, for pulls.",
     {{{200, "The alias."}}},
     {Errc::name_unknown, Errc::body_too_large}},
    {Method::del, Action::admin, delete_alias, "Remove an alias.", {{{204, "Removed."}}}, {}}};

constexpr Endpoint repository_route_table[] = {
    row("/api/v1/repositories", "repositories", repositories_verbs),
    row("/api/v1/repositories/<name>", "repository", repository_verbs),
    row("/api/v1/aliases", "aliases", aliases_verbs),
    row("/api/v1/aliases/<name>", "alias", alias_verbs),
};

}  // namespace

RouteTable repository_routes() noexcept {
    return repository_route_table;
}

}  // namespace ocilot::http
