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

constexpr Schema token_id_schema{.pattern = "^[0-9a-f]{16}$"};
constexpr Schema scope_list = schema::list_of(schema::any_text);
constexpr Field token_id{"token", token_id_schema, "Id of the token."};

constexpr Field token_fields[] = {
    {"id", token_id_schema},
    {"account", schema::any_text, "Owner."},
    {"note", schema::any_text},
    {"scopes", scope_list, "Limits within the rights of the account; empty: none."},
    {"refresh", schema::boolean, "Whether it is a refresh token."},
    {"created_at", schema::time},
    {"expires_at", schema::or_null(schema::time)},
    {"last_used_at", schema::or_null(schema::time)}};
constexpr Schema token_schema = schema::object_of("Token", token_fields);

constexpr Field token_list_fields[] = {{"tokens", schema::list_of(token_schema), "Oldest first."}};
constexpr Schema token_list = schema::object_of("TokenList", token_list_fields);

constexpr Field made_token_fields[] = {
    token_fields[0],
    token_fields[1],
    token_fields[2],
    token_fields[3],
    token_fields[4],
    token_fields[5],
    token_fields[6],
    token_fields[7],
    {"secret", schema::any_text, "Used as the password; not stored, and never in another response."}};
constexpr Schema made_token = schema::object_of("CreatedToken", made_token_fields);

constexpr Schema lifetime{
    .type = Schema::Type::integer, .least = 1, .most = std::int64_t{10} * 365 * 24 * 3600};
constexpr Field new_token_fields[] = {
    {"account", schema::any_text, "Owner."},
    optional({"note", schema::any_text, "Free text, at most 256 bytes."}),
    optional({"scopes", scope_list, "Such as `repository:team/**:pull`; empty: no limit."}),
    optional({"expires_in", lifetime, "Lifetime in seconds, at most ten years; missing: no expiry."})};
constexpr Schema new_token = schema::body_of("NewToken", new_token_fields);

constexpr Field of_account = optional({"account", schema::any_text, "Tokens of one account."});
constexpr Field with_refresh =
    optional({"refresh", schema::boolean, "`true`: with refresh tokens, which stand for logins."});
constexpr Field tokens_query[] = {of_account, with_refresh, page_size,
                                  page_after("Value from the URL of the next page.")};

/// What is shown of a token: nothing of its secret.
Json json_of(meta::TokenFact const& token) {
    return {{"id", token.id},
            {"account", token.account},
            {"note", token.note},
            {"scopes", token.scopes},
            {"refresh", token.refresh},
            {"created_at", rfc3339(token.created_at)},
            {"expires_at", json_time(token.expires_at)},
            {"last_used_at", json_time(token.last_used_at)}};
}

Result<auth::AccountManager::NewToken> read_new(JsonMembers members) {
    auth::AccountManager::NewToken token;
    TRY(token.account, members.required_text("account"));
    TRY(auto note, members.text("note"));
    TRY(auto scopes, members.texts("scopes"));
    TRY(auto const life, members.number("expires_in"));
    CHECK(members.reject_unknown());
    token.note = std::move(note).value_or(std::string());
    token.scopes = std::move(scopes).value_or(std::vector<std::string>());
    if (life) token.life = std::chrono::seconds(*life);
    return token;
}

/// Where a page ends, for whoever asks for the next: the token may be gone by then.
std::string place_after(meta::TokenFact const& token) {
    return fmt::format("{}-{}", token.created_at.time_since_epoch().count(), token.id);
}

Result<meta::TokenQuery::Place> read_place(std::string_view text) {
    std::int64_t at = 0;
    auto const end = text.data() + text.size();
    auto const [stopped, problem] = std::from_chars(text.data(), end, at);
    if (problem != std::errc{} || stopped == end || *stopped != '-') {
        return Error{Errc::pagination_invalid, "invalid \"last\" parameter: restart from the first page"};
    }
    return meta::TokenQuery::Place{Time(Time::duration(at)), std::string(stopped + 1, end)};
}

Result<meta::TokenQuery> read_query(Query const& query, PageQuery const& wanted) {
    meta::TokenQuery tokens{.account = std::string(query.first(of_account.name).value_or(std::string_view{})),
                            .limit = wanted.page().limit};
    TRY(auto const refresh, query_flag(query, with_refresh));
    tokens.refresh = refresh.value_or(false);
    if (wanted.last) {
        TRY(tokens.after, read_place(*wanted.last));
    }
    return tokens;
}

/// `GET /api/v1/tokens`: of one account (`?account=`) or of all, oldest first, a page at a time.
Task<Result<Response>> get_account_tokens(Context const& context) {
    CO_CHECK(check_administrable(context));
    CO_TRY(auto const wanted, PageQuery::parse(context.query, page_without_n, longest_page));
    CO_TRY(auto query, read_query(context.query, wanted));
    CO_TRY(auto page, co_await context.account_manager->tokens().tokens(std::move(query)));
    if (wanted.size == 0) page = {};
    auto list = Json::array();
    for (auto const& token : page.items) list.push_back(json_of(token));
    auto response = json_response(200, {{"tokens", std::move(list)}});
    if (page.more) {
        Parameters next{{"last", place_after(page.items.back())}, {"n", std::to_string(wanted.size)}};
        for (auto const name : {of_account.name, with_refresh.name}) {
            if (auto const value = context.query.first(name)) next.emplace_back(name, std::string(*value));
        }
        response.set("Link", next_link(context.urls.local("/api/v1/tokens"), next));
    }
    co_return response;
}

/// `POST /api/v1/tokens`: the only answer that ever holds the secret.
Task<Result<Response>> post_account_token(Context const& context) {
    CO_CHECK(check_administrable(context));
    CO_TRY(auto members, co_await JsonMembers::of_body(context.request));
    CO_TRY(auto wanted, read_new(std::move(members)));
    CO_TRY(auto const made, co_await context.account_manager->create_token(
                                std::move(wanted), registry::actor_of(context.caller)));
    auto document = json_of(made.fact);
    document["secret"] = made.secret;
    auto response = json_response(201, document);
    response.set("Location", context.urls.local("/api/v1/tokens/" + made.fact.id));
    co_return response;
}

/// `DELETE /api/v1/tokens/<item>`.
Task<Result<Response>> delete_account_token(Context const& context) {
    CO_CHECK(check_administrable(context));
    std::string const id(context.item);
    CO_CHECK(co_await context.account_manager->tokens().remove(id, registry::actor_of(context.caller),
                                                               context.registry.clock.now()));
    co_return Response{.status = 204};
}

using policy::Action;

constexpr Verb account_tokens_verbs[] = {
    {Method::get,
     Action::admin,
     get_account_tokens,
     "List tokens without their secrets, oldest first.",
     {{page_of(token_list)}},
     {Errc::pagination_invalid},
     Operation{.query = tokens_query}},
    {Method::post,
     Action::admin,
     post_account_token,
     "Create a token, which the account uses instead of its password.",
     {{{201, "The token with its `secret`, which is shown only once.", &made_token}}},
     {Errc::body_too_large},
     Operation{.body = &new_token}}};
constexpr Verb account_token_verbs[] = {{Method::del,
                                         Action::admin,
                                         delete_account_token,
                                         "Revoke a token, with every bearer token issued for it.",
                                         {{{204, "Gone."}}},
                                         {},
                                         Operation{.item = &token_id}}};

constexpr Endpoint account_token_route_table[] = {
    row("/api/v1/tokens", "account_tokens", account_tokens_verbs),
    row("/api/v1/tokens/<item>", "account_token", account_token_verbs),
};

}  // namespace

RouteTable account_token_routes() noexcept {
    return account_token_route_table;
}

}  // namespace ocilot::http
