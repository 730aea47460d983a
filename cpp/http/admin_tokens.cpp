#include "http/admin.h"
#include "http/handlers.h"
#include "http/members.h"
#include "http/page.h"
#include "registry/actor.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace ocilot::http {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t page_without_n = 100;
constexpr std::size_t longest_page = 1000;

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

Result<auth::Registrar::NewToken> read_new(Members members) {
    auth::Registrar::NewToken token;
    TRY(token.account, members.needed_text("account"));
    TRY(auto note, members.text("note"));
    TRY(auto scopes, members.texts("scopes"));
    TRY(auto const life, members.number("expires_in"));
    CHECK(members.no_more());
    token.note = std::move(note).value_or(std::string());
    token.scopes = std::move(scopes).value_or(std::vector<std::string>());
    if (life) token.life = std::chrono::seconds(*life);
    return token;
}

/// Those of the page, by id: an order that stays the same when others come and go.
meta::Slice<meta::TokenFact> page_of(std::vector<meta::TokenFact> all, PageQuery const& wanted) {
    std::ranges::sort(all, {}, &meta::TokenFact::id);
    auto const from =
        wanted.last ? std::ranges::upper_bound(all, *wanted.last, {}, &meta::TokenFact::id) : all.begin();
    auto const left = static_cast<std::size_t>(all.end() - from);
    auto const count = std::min(wanted.size, left);
    meta::Slice<meta::TokenFact> page;
    std::move(from, from + static_cast<std::ptrdiff_t>(count), std::back_inserter(page.items));
    page.more = count > 0 && count < left;
    return page;
}

}  // namespace

/// `GET /api/v1/tokens`: of one account (`?account=`) or of all, by id, a page at a time.
Task<Result<Response>> get_account_tokens(Context const& context) {
    CO_CHECK(check_administrable(context));
    CO_TRY(auto const wanted, PageQuery::parse(context.query, page_without_n, longest_page));
    CO_TRY(auto const refresh, query_flag(context.query, "refresh"));
    std::string const account(context.query.first("account").value_or(std::string_view{}));
    CO_TRY(auto all, co_await context.registrar->accounts().tokens(account, refresh.value_or(false)));
    auto const page = page_of(std::move(all), wanted);
    auto list = Json::array();
    for (auto const& token : page.items) list.push_back(json_of(token));
    auto response = json_response(200, {{"tokens", std::move(list)}});
    if (page.more) {
        Parameters next{{"last", page.items.back().id}, {"n", std::to_string(wanted.size)}};
        if (!account.empty()) next.emplace_back("account", account);
        if (refresh) next.emplace_back("refresh", *refresh ? "true" : "false");
        response.set("Link", next_link(context.urls.local("/api/v1/tokens"), next));
    }
    co_return response;
}

/// `POST /api/v1/tokens`: the only answer that ever holds the secret.
Task<Result<Response>> post_account_token(Context const& context) {
    CO_CHECK(check_administrable(context));
    CO_TRY(auto members, co_await Members::of_body(context.request));
    CO_TRY(auto wanted, read_new(std::move(members)));
    CO_TRY(auto const made,
           co_await context.registrar->make_token(std::move(wanted), registry::actor_of(context.caller)));
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
    CO_CHECK(co_await context.registrar->accounts().remove_token(id, registry::actor_of(context.caller),
                                                                 context.registry.clock.now()));
    co_return Response{.status = 204};
}

}  // namespace ocilot::http
