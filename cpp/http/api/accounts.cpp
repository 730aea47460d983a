#include "auth/logins.h"
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

/// By the rules that are in force; without any, as quotas know them.
std::vector<std::string> configured_groups(Context const& context, meta::AccountFact const& account) {
    auto const caller = auth::caller_of(account);
    auto found = context.guard.configured_groups(caller);
    return found ? *std::move(found) : context.registry.rules.groups.groups_of(caller);
}

/// What is shown of an account: of its password only whether there is one.
Json json_of(Context const& context, meta::AccountFact const& account) {
    return {{"name", account.name},
            {"kind", account.robot ? "robot" : "user"},
            {"groups", account.groups},
            {"admin", account.admin},
            {"disabled", account.disabled},
            {"has_password", !account.password_hash.empty()},
            {"created_at", rfc3339(account.created_at)},
            {"configured_groups", configured_groups(context, account)}};
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
    for (auto const& account : found.items) list.push_back(json_of(context, account));
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
    auto response = json_response(201, json_of(context, account));
    response.set("Location", context.urls.local(fmt::format("{}/{}", path, account.name)));
    co_return response;
}

/// `GET /api/v1/accounts/<item>`.
Task<Result<Response>> get_account(Context const& context) {
    CO_CHECK(check_administrable(context));
    std::string const name(context.item);
    CO_TRY(auto const account, co_await context.account_manager->accounts().account(name));
    co_return json_response(200, json_of(context, account));
}

/// `PATCH /api/v1/accounts/<item>`.
Task<Result<Response>> patch_account(Context const& context) {
    CO_CHECK(check_administrable(context));
    CO_TRY(auto members, co_await JsonMembers::of_body(context.request));
    CO_TRY(auto change, read_change(std::move(members)));
    CO_TRY(auto const account,
           co_await context.account_manager->change(std::string(context.item), std::move(change),
                                                    registry::actor_of(context.caller)));
    co_return json_response(200, json_of(context, account));
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

constexpr Success account_shown{
    200, "The account. `has_password` instead of the password; `configured_groups`: by `ocilot.groups`."};
constexpr Verb accounts_verbs[] = {
    {Method::get,
     Action::admin,
     get_accounts,
     "List accounts by name; `?n=` page size, `?last=` last name of the previous page.",
     {{list_page}},
     {Errc::pagination_invalid}},
    {Method::post,
     Action::admin,
     post_account,
     "Create an account: `name`, `kind` (`user` or `robot`), `password`, `groups`, `admin`, `disabled`.",
     {{{201, "The account. `Location` is its URL."}}},
     {Errc::body_too_large}}};
constexpr Verb account_verbs[] = {
    {Method::get, Action::admin, get_account, "Get an account.", {{account_shown}}, {}},
    {Method::patch,
     Action::admin,
     patch_account,
     "Change the fields in the body: `password` (`null`: none), `groups`, `admin`, `disabled`. A new "
     "password revokes the refresh tokens of the account.",
     {{account_shown}},
     {Errc::body_too_large}},
    {Method::del,
     Action::admin,
     delete_account,
     "Remove an account and all its tokens.",
     {{{204, "Gone."}}},
     {}}};

constexpr Endpoint account_route_table[] = {
    row("/api/v1/accounts", "accounts", accounts_verbs),
    row("/api/v1/accounts/<item>", "account", account_verbs),
};

}  // namespace

RouteTable account_routes() noexcept {
    return account_route_table;
}

}  // namespace ocilot::http
