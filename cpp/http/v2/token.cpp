#include "auth/secrets.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/quote.h"
#include "http/core/caller_note.h"
#include "http/core/read_body.h"
#include "http/core/request_record.h"
#include "http/v2/routes.h"
#include "oci/media_type.h"
#include "registry/actor.h"

#include <fmt/format.h>
#include <utility>

namespace ocilot::http {

namespace {

using auth::Login;

constexpr std::string_view refresh_grant = "refresh_token";
constexpr std::string_view token_exchange = "urn:ietf:params:oauth:grant-type:token-exchange";  // RFC 8693

Error no_token_server() {
    return {Errc::not_found, "token server disabled; set ocilot.accounts.enabled: true"};
}

/// All scopes that a request names, each in a field of its own or separated by spaces.
Result<std::vector<auth::Resource>> scopes_of(Query const& fields) {
    std::string joined;
    for (auto const text : fields.all("scope")) {
        if (!joined.empty()) joined += ' ';
        joined += text;
    }
    return auth::parse_scope(joined);
}

bool wants_refresh_token(Query const& fields) {
    return fields.first("offline_token") == "true" || fields.first("access_type") == "offline";
}

Response answer(auth::IssuedToken const& issued) {
    std::string body = "{";
    append_member(body, "token", issued.token);
    body += ',';
    append_member(body, "access_token", issued.token);
    body += ',';
    append_member(body, "scope", auth::to_scope(issued.access));
    body += ',';
    append_member(body, "token_type", "Bearer");
    body += ',';
    append_member(body, "issued_token_type", "urn:ietf:params:oauth:token-type:access_token");
    body += ',';
    append_member(body, "expires_in", static_cast<std::uint64_t>(issued.life.count()));
    body += ',';
    append_member(body, "issued_at", rfc3339(issued.issued_at));
    if (!issued.refresh_token.empty()) {
        body += ',';
        append_member(body, "refresh_token", issued.refresh_token);
    }
    body += '}';
    Response response;
    response.set("Cache-Control", "no-store");
    response.text(oci::media_type::json, std::move(body));
    return response;
}

/// A token for a caller who showed `password`, which may be a secret of an account.
Task<Result<Response>> issue(Context const& context, Login login, std::string_view password,
                             Query const& fields, std::string refresh_token = {}) {
    note_caller(context.request, login.caller);
    CO_TRY(auto scopes, scopes_of(fields));
    login.caller.request = context.request.id;
    auto const shown = refresh_token.empty() ? password : std::string_view(refresh_token);
    auth::TokenRequest request{.login = std::move(login),
                               .scopes = std::move(scopes),
                               .offline = wants_refresh_token(fields),
                               .secret = auth::secret_id(shown).value_or(std::string())};
    if (request.offline) request.login.caller.http = record_of(context.request);
    request.refresh_token = std::move(refresh_token);
    request.client = context.request.client;
    CO_TRY(auto const issued, co_await context.tokens->issue(std::move(request)));
    co_return answer(issued);
}

std::string text_of(Query const& fields, std::string_view name) {
    return std::string(fields.first(name).value_or(std::string_view{}));
}

/// Who a form proves to be.
Task<Result<Login>> login_of(Context const& context, Query const& form) {
    auto const grant = text_of(form, "grant_type");
    std::string address(context.request.peer);
    if (grant == "password") {
        co_return co_await context.guard.login(text_of(form, "username"), text_of(form, "password"),
                                               std::move(address), std::string(context.request.id));
    }
    if (grant == token_exchange) {
        // Whatever it is, it is no password of somebody without a name.
        co_return co_await context.guard.login({}, text_of(form, "subject_token"), std::move(address),
                                               std::string(context.request.id));
    }
    if (grant == refresh_grant) {
        auto login = co_await context.tokens->redeem(text_of(form, "refresh_token"), address);
        bool const is_bad = login.has_error() && login.error().code == Errc::unauthorized;
        if (is_bad) co_return context.guard.unknown(address, login.error().message);
        co_return login;
    }
    co_return Error{Errc::bad_request,
                    fmt::format("unknown grant type {}: expected password, refresh_token or {}", quote(grant),
                                token_exchange)};
}

/// `GET /token`: Basic credentials, or none, for a token.
Task<Result<Response>> get_token(Context const& context) {
    if (context.tokens == nullptr) co_return no_token_server();
    CO_TRY(auto const fields, Query::parse_form(raw_query(context.request.target)));
    auto const header = context.request.header("Authorization");
    // Named: GCC 12 would destroy what it holds twice.
    Login anonymous{.caller = context.caller};
    if (!header) co_return co_await issue(context, std::move(anonymous), {}, fields);
    auto basic = auth::parse_basic(*header);
    // A token for a token would never end.
    if (!basic || context.request.count("Authorization") > 1) {
        co_return context.guard.unknown(context.request.peer,
                                        "invalid Authorization header: expected Basic credentials, or none");
    }
    if (basic->empty()) co_return co_await issue(context, std::move(anonymous), {}, fields);
    CO_TRY(auto login,
           co_await context.guard.login(std::move(basic->name), basic->password,
                                        std::string(context.request.peer), std::string(context.request.id)));
    co_return co_await issue(context, std::move(login), basic->password, fields);
}

/// `POST /token`: the same with a form (distribution's docs/spec/auth/oauth).
Task<Result<Response>> post_token(Context const& context) {
    if (context.tokens == nullptr) co_return no_token_server();
    CO_TRY(auto const body, co_await read_small_body(context.request));
    CO_TRY(auto const form, Query::parse_form(body));
    CO_TRY(auto login, co_await login_of(context, form));
    auto const password = form.first("password").value_or(std::string_view{});
    bool const refreshes = form.first("grant_type") == refresh_grant;
    auto refresh_token = refreshes ? text_of(form, "refresh_token") : std::string();
    co_return co_await issue(context, std::move(login), password, form, std::move(refresh_token));
}

/// `GET /token/keys`.
Task<Result<Response>> get_token_keys(Context const& context) {
    if (context.tokens == nullptr) co_return no_token_server();
    Response response;
    response.set("Cache-Control", "max-age=60");
    response.text(oci::media_type::json, context.tokens->keys().jwks());
    co_return response;
}

using policy::Action;

constexpr Verb token_verbs[] = {
    {Method::get,
     std::nullopt,
     get_token,
     "Issue a bearer token for Basic credentials, or for anonymous access; `?scope=` requested scopes, "
     "repeated or separated by spaces, `?offline_token=true` with a refresh token.",
     {{{200, "The token, limited to the requested scopes that the caller is allowed; possibly none."}}},
     {},
     {},
     ChallengeScope::path,
     auth::RequestClass::logins},
    {Method::post,
     std::nullopt,
     post_token,
     "Issue a bearer token for a form with `grant_type` `password` (`username`, `password`), "
     "`refresh_token`, or `urn:ietf:params:oauth:grant-type:token-exchange` (`subject_token` of a foreign "
     "issuer); `scope`, and `access_type=offline` for a refresh token.",
     {{{200, "The token."}}},
     {Errc::body_too_large},
     {},
     ChallengeScope::path,
     auth::RequestClass::logins}};
constexpr Verb token_keys_verbs[] = {{Method::get,
                                      std::nullopt,
                                      get_token_keys,
                                      "Get the public keys of the token server as a JWKS.",
                                      {{{200, "The keys."}}},
                                      {}}};

constexpr Endpoint token_route_table[] = {
    row("/token", "token", token_verbs),
    row("/token/keys", "token_keys", token_keys_verbs),
};

}  // namespace

RouteTable token_routes() noexcept {
    return token_route_table;
}

}  // namespace ocilot::http
