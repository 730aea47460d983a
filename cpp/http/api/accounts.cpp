#include "base/quote.h"
#include "http/api/admin.h"
#include "http/api/routes.h"
#include "http/core/json_members.h"
#include "http/core/page.h"
#include "registry/actor.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ocilot::http {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t page_without_n = 100;
constexpr std::size_t longest_page = 1000;
constexpr std::string_view path = "/api/v1/accounts";

constexpr std::string_view account_kinds[] = {"user", "robot"};
constexpr Schema account_name_schema{.pattern = "^[a-zA-Z0-9._@+-]{1,128}$"};
constexpr Schema group_names = schema::list_of(schema::any_text);
constexpr Field account_name{"account", account_name_schema, "Name of the account."};

constexpr Field account_fields[] = {
    {"name", account_name_schema},
    {"kind", schema::one_of(account_kinds), "Access rules distinguish them."},
    {"groups", group_names, "Names without commas; access rules name them as `group:NAME`."},
    {"admin", schema::boolean, "Whether everything is allowed."},
    {"disabled", schema::boolean, "Whether login is refused."},
    {"has_password", schema::boolean},
    {"created_at", schema::time}};
constexpr Schema account_schema = schema::object_of("Account", account_fields);

constexpr Field account_list_fields[] = {{"accounts", schema::list_of(account_schema), "Sorted by name."}};
constexpr Schema account_list = schema::object_of("AccountList", account_list_fields);

constexpr Field password_field = optional(
    {"password", schema::or_null(schema::any_text), "1 to 511 bytes; `null`: none, only tokens are used."});
constexpr Field new_account_fields[] = {
    {"name", account_name_schema, "1 to 128 of `a-z A-Z 0-9 . _ @ + -`."},
    optional({"kind", schema::one_of(account_kinds), "Default `user`. A robot has no password."}),
    password_field,
    optional({"groups", group_names, "Names without commas."}),
    optional({"admin", schema::boolean, "Whether everything is allowed."}),
    optional({"disabled", schema::boolean, "Whether login is refused."})};
constexpr Schema new_account = schema::body_of("NewAccount", new_account_fields);

constexpr Field account_change_fields[] = {
    password_field, optional({"groups", group_names, "Names without commas."}),
    optional({"admin", schema::boolean, "Whether everything is allowed."}),
    optional({"disabled", schema::boolean, "Whether login is refused."})};
constexpr Schema account_change = schema::body_of("AccountChange", account_change_fields);

constexpr Field accounts_query[] = {page_size, page_after("Last name of the previous page.")};

/// What is shown of an account: of its password only whether there is one.
Json json_of(meta::AccountFact const& account) {
    return {{"name", account.name},
            {"kind", account.robot ? "robot" : "user"},
            {"groups", account.groups},
            {"admin", account.admin},
            {"disabled", account.disabled},
            {"has_password", !account.password_hash.empty()},
            {"created_at", rfc3339(account.created_at)}};
}

/// Whether it is a machine's, by its `kind`.
Result<bool> is_robot(JsonMembers& members) {
    TRY(auto const kind, members.text("kind"));
    if (!kind || kind == "user") return false;
    if (kind == "robot") return true;
    return Error{Errc::bad_request,
                 fmt::format("unknown kind of account {}: expected user or robot", quote(*kind))};
}

Result<auth::AccountManager::NewAccount> read_new(JsonMembers members) {
    auth::AccountManager::NewAccount account;
    TRY(account.name, members.required_text("name"));
    TRY(account.robot, is_robot(members));
    TRY(auto password, members.text_or_null("password"));
    TRY(auto groups, members.texts("groups"));
    TRY(auto const admin, members.flag("admin"));
    TRY(auto const disabled, members.flag("disabled"));
    CHECK(members.reject_unknown());
    account.password = std::move(password).value_or(std::string());
    account.groups = std::move(groups).value_or(std::vector<std::string>());
    account.admin = admin.value_or(false);
    account.disabled = disabled.value_or(false);
    return account;
}

Result<auth::AccountManager::Change> read_change(JsonMembers members) {
    auth::AccountManager::Change change;
    TRY(change.password, members.text_or_null("password"));
    TRY(change.groups, members.texts("groups"));
    TRY(change.admin, members.flag("admin"));
    TRY(change.disabled, members.flag("disabled"));
    CHECK(members.reject_unknown());
    return change;
}

/// `GET /api/v1/accounts`: by name, a page at a time.
Task<Result<Response>> get_accounts(Context const& context) {
    CO_CHECK(check_administrable(context));
    CO_TRY(auto const wanted, PageQuery::parse(context.query, page_without_n, longest_page));
    CO_TRY(auto found, co_await context.account_manager->accounts().accounts(wanted.page()));
    if (wanted.size == 0) found = {};
    auto list = Json::array();
    for (auto const& account : found.items) list.push_back(json_of(account));
    auto response = json_response(200, {{"accounts", std::move(list)}});
    if (found.more) {
        Parameters const next{{"last", found.items.back().name}, {"n", std::to_string(wanted.size)}};
        response.set("Link", next_link(context.urls.local(path), next));
    }
    co_return response;
}

/// `POST /api/v1/accounts`.
Task<Result<Response>> post_account(Context const& context) {
    CO_CHECK(check_administrable(context));
    CO_TRY(auto members, co_await JsonMembers::of_body(context.request));
    CO_TRY(auto wanted, read_new(std::move(members)));
    CO_TRY(auto const account,
           co_await context.account_manager->add(std::move(wanted), registry::actor_of(context.caller)));
    auto response = json_response(201, json_of(account));
    response.set("Location", context.urls.local(fmt::format("{}/{}", path, account.name)));
    co_return response;
}

/// `GET /api/v1/accounts/<item>`.
Task<Result<Response>> get_account(Context const& context) {
    CO_CHECK(check_administrable(context));
    std::string const name(context.item);
    CO_TRY(auto const account, co_await context.account_manager->accounts().account(name));
    co_return json_response(200, json_of(account));
}

/// `PATCH /api/v1/accounts/<item>`.
Task<Result<Response>> patch_account(Context const& context) {
    CO_CHECK(check_administrable(context));
    CO_TRY(auto members, co_await JsonMembers::of_body(context.request));
    CO_TRY(auto change, read_change(std::move(members)));
    CO_TRY(auto const account,
           co_await context.account_manager->change(std::string(context.item), std::move(change),
                                                    registry::actor_of(context.caller)));
    co_return json_response(200, json_of(account));
}

/// `DELETE /api/v1/accounts/<item>`.
Task<Result<Response>> delete_account(Context const& context) {
    CO_CHECK(check_administrable(context));
    std::string const name(context.item);
    CO_CHECK(co_await context.account_manager->accounts().remove(name, registry::actor_of(context.caller),
                                                                 context.registry.clock.now()));
    co_return Response{.status = 204};
}

using policy::Action;

constexpr Success account_shown{200, "The account. `has_password` instead of the password.", &account_schema};
constexpr Verb accounts_verbs[] = {{Method::get,
                                    Action::admin,
                                    get_accounts,
                                    "List accounts by name.",
                                    {{page_of(account_list)}},
                                    {Errc::pagination_invalid},
                                    Operation{.query = accounts_query}},
                                   {Method::post,
                                    Action::admin,
                                    post_account,
                                    "Create an account.",
                                    {{{201, "The account. `Location` is its URL.", &account_schema}}},
                                    {Errc::body_too_large},
                                    Operation{.body = &new_account}}};
constexpr Verb account_verbs[] = {
    {Method::get,
     Action::admin,
     get_account,
     "Get an account.",
     {{account_shown}},
     {},
     Operation{.item = &account_name}},
    {Method::patch,
     Action::admin,
     patch_account,
     "Change the members in the body and nothing else. A new password revokes the refresh tokens of the "
     "account.",
     {{account_shown}},
     {Errc::body_too_large},
     Operation{.item = &account_name, .body = &account_change}},
    {Method::del,
     Action::admin,
     delete_account,
     "Remove an account and all its tokens.",
     {{{204, "Gone."}}},
     {},
     Operation{.item = &account_name}}};

constexpr Endpoint account_route_table[] = {
    row("/api/v1/accounts", "accounts", accounts_verbs),
    row("/api/v1/accounts/<item>", "account", account_verbs),
};

}  // namespace

RouteTable account_routes() noexcept {
    return account_route_table;
}

}  // namespace ocilot::http
