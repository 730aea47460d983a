#include "http/api/admin.h"
#include "http/api/routes.h"
#include "http/core/json_members.h"
#include "http/core/page.h"
#include "registry/actor.h"

#include <charconv>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ocilot::http {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t page_without_n = 100;
constexpr std::size_t longest_page = 1000;

constexpr Field repository_fields[] = {
    {"name", schema::repository},
    {"tags", schema::count},
    {"manifests", schema::count},
    {"blobs", schema::count},
    {"bytes", schema::count, "Of the manifests and blobs; other repositories may have the same."},
    {"pushed_at", schema::or_null(schema::time), "When a tag was last set; `null` without a tag."}};
constexpr Schema repository_schema = schema::object_of("Repository", repository_fields);
constexpr Field repository_list_fields[] = {
    {"repositories", schema::list_of(repository_schema), "Sorted by name, or as `sort` says."}};
constexpr Schema repository_list = schema::object_of("RepositoryList", repository_list_fields);
constexpr Field repository_change_fields[] = {
    {"name", schema::repository, "New name."},
    optional({"alias", schema::boolean, "Whether the old name becomes an alias."})};
constexpr Schema repository_change = schema::body_of("RepositoryChange", repository_change_fields);

constexpr Field alias_fields[] = {
    {"name", schema::repository}, {"target", schema::repository}, {"created_at", schema::time}};
constexpr Schema alias_schema = schema::object_of("Alias", alias_fields);
constexpr Field alias_list_fields[] = {{"aliases", schema::list_of(alias_schema), "Sorted by name."}};
constexpr Schema alias_list = schema::object_of("AliasList", alias_list_fields);
constexpr Field alias_target_fields[] = {{"target", schema::repository, "A repository."}};
constexpr Schema alias_target = schema::body_of("AliasTarget", alias_target_fields);
constexpr Field set_alias_fields[] = {{"name", schema::repository}, {"target", schema::repository}};
constexpr Schema alias_set = schema::object_of("SetAlias", set_alias_fields);

constexpr Field name_prefix = optional({"prefix", schema::any_text, "Beginning of the names: `team/`."});
constexpr std::string_view repository_orders[] = {"name", "bytes", "-bytes", "pushed", "-pushed"};
constexpr Field repository_order = optional(
    {"sort", schema::one_of(repository_orders),
     "Order; `-`: the greatest or newest first. Repositories without a tag are last. Default `name`."});
constexpr Field repository_place = page_after("Value from the URL of the next page.");
constexpr Field repositories_query[] = {repository_order, name_prefix, page_size, repository_place};
constexpr Field aliases_query[] = {page_size, page_after("Last name of the previous page.")};

meta::RepositoryAdmin& admin_of(Context const& context) {
    return context.registry.meta.catalog().admin();
}

Json json_of(meta::RepositorySummary const& repository) {
    return {{"name", repository.name},           {"tags", repository.tags},
            {"manifests", repository.manifests}, {"blobs", repository.blobs},
            {"bytes", repository.bytes},         {"pushed_at", json_time(repository.pushed_at)}};
}

Json json_of(meta::RepositoryAlias const& alias) {
    return {{"name", alias.name}, {"target", alias.target}, {"created_at", rfc3339(alias.created_at)}};
}

/// A page, and the place after it; none if it is the last one.
struct RepositoryPage {
    std::vector<meta::RepositorySummary> items = {};
    std::optional<std::string> next = {};
};

Task<Result<RepositoryPage>> by_name(Context const& context, std::string prefix, PageQuery const& wanted) {
    CO_TRY(auto found, co_await admin_of(context).list(std::move(prefix), wanted.page()));
    RepositoryPage page{.items = std::move(found.items)};
    if (found.more && !page.items.empty()) page.next = page.items.back().name;
    co_return page;
}

/// `KEY-ID`: what the repository is sorted by, and its id.
Result<meta::RepositoryPlace> place_of(std::string_view text) {
    meta::RepositoryPlace place;
    auto const* const end = text.data() + text.size();
    auto const key = std::from_chars(text.data(), end, place.key);
    bool const has_key = key.ec == std::errc{} && key.ptr != end && *key.ptr == '-';
    auto const* const id = has_key ? key.ptr + 1 : end;
    auto const [stopped, problem] = std::from_chars(id, end, place.id);
    if (problem == std::errc{} && stopped == end) return place;
    return Error{Errc::pagination_invalid, "invalid \"last\" parameter: restart from the first page"};
}

Task<Result<RepositoryPage>> by_rank(Context const& context, std::string prefix, PageQuery const& wanted,
                                     std::string_view order) {
    meta::RepositoryQuery query{.prefix = std::move(prefix), .limit = wanted.page().limit};
    query.descending = order.starts_with('-');
    if (order.ends_with("pushed")) query.order = meta::RepositoryOrder::pushed;
    if (wanted.last) {
        CO_TRY(query.after, place_of(*wanted.last));
    }
    CO_TRY(auto found, co_await admin_of(context).sorted(std::move(query)));
    RepositoryPage page{.items = std::move(found.items)};
    if (found.next) page.next = fmt::format("{}-{}", found.next->key, found.next->id);
    co_return page;
}

/// `GET /api/v1/repositories?sort=&prefix=&n=&last=`.
Task<Result<Response>> get_repositories(Context const& context) {
    CO_TRY(auto const wanted, PageQuery::parse(context.query, page_without_n, longest_page));
    std::string const prefix(context.query.first(name_prefix.name).value_or(std::string_view{}));
    std::string const order(context.query.first(repository_order.name).value_or("name"));
    auto reading =
        order == "name" ? by_name(context, prefix, wanted) : by_rank(context, prefix, wanted, order);
    CO_TRY(auto found, co_await std::move(reading));
    if (wanted.size == 0) found = {};
    auto list = Json::array();
    for (auto const& repository : found.items) list.push_back(json_of(repository));
    auto response = json_response(200, {{"repositories", std::move(list)}});
    if (found.next) {
        Parameters next{{repository_place.name, *found.next}, {page_size.name, std::to_string(wanted.size)}};
        if (!prefix.empty()) next.emplace_back(name_prefix.name, prefix);
        if (order != "name") next.emplace_back(repository_order.name, order);
        response.set("Link", next_link(context.urls.local("/api/v1/repositories"), next));
    }
    co_return response;
}

/// `GET /api/v1/repositories/<name>`.
Task<Result<Response>> get_repository(Context const& context) {
    CO_TRY(auto const found, co_await admin_of(context).find(context.name()));
    co_return json_response(200, json_of(found));
}

/// `DELETE /api/v1/repositories/<name>/`: with the slash it can only be a repository, whatever its name ends
/// in.
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
     "List repositories with the numbers of their tags, manifests and blobs, their sizes and last pushes.",
     {{page_of(repository_list)}},
     {Errc::pagination_invalid},
     Operation{.query = repositories_query}}};
constexpr Verb repository_verbs[] = {
    {Method::get,
     Action::admin,
     get_repository,
     "Get the numbers of tags, manifests and blobs of a repository, and the size of its blobs.",
     {{{200, "The repository.", &repository_schema}}},
     {Errc::name_unknown},
     Operation{}},
    {Method::patch,
     Action::admin,
     patch_repository,
     "Rename a repository. With `alias`, it can still be pulled under its old name.",
     {{{200, "The repository under its new name.", &repository_schema}}},
     {Errc::name_unknown, Errc::body_too_large},
     Operation{.body = &repository_change}},
    {Method::del,
     Action::admin,
     delete_repository,
     "Delete a repository with everything in it. Its content can be restored during the grace period.",
     {{{200, "What was deleted.", &repository_schema}}},
     {Errc::name_unknown},
     Operation{}}};
constexpr Verb aliases_verbs[] = {{Method::get,
                                   Action::admin,
                                   get_aliases,
                                   "List the aliases.",
                                   {{page_of(alias_list)}},
                                   {Errc::pagination_invalid},
                                   Operation{.query = aliases_query}}};
constexpr Verb alias_verbs[] = {
    {Method::put,
     Action::admin,
     put_alias,
     "Make a name an alias of the repository `target`, for pulls.",
     {{{200, "The alias.", &alias_set}}},
     {Errc::name_unknown, Errc::body_too_large},
     Operation{.body = &alias_target}},
    {Method::del, Action::admin, delete_alias, "Remove an alias.", {{{204, "Removed."}}}, {}, Operation{}}};

constexpr Endpoint repository_route_table[] = {
    row("/api/v1/repositories", "repositories", repositories_verbs),
    row("/api/v1/repositories/<name>/", "repository", repository_verbs),
    row("/api/v1/aliases", "aliases", aliases_verbs),
    row("/api/v1/aliases/<name>", "alias", alias_verbs),
};

}  // namespace

RouteTable repository_routes() noexcept {
    return repository_route_table;
}

}  // namespace ocilot::http
