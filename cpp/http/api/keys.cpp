#include "base/json_text.h"
#include "base/log.h"
#include "http/api/routes.h"
#include "oci/media_type.h"
#include "registry/actor.h"

namespace ocilot::http {

namespace {

constexpr Field key_fields[] = {{"id", schema::any_text}, {"created_at", schema::time}};
constexpr Schema key_schema = schema::object_of("SigningKey", key_fields);
constexpr Field key_list_fields[] = {
    {"keys", schema::list_of(key_schema), "Newest first: it signs, all verify."}};
constexpr Schema key_list = schema::object_of("SigningKeyList", key_list_fields);
constexpr Field made_key_fields[] = {{"id", schema::any_text}};
constexpr Schema made_key = schema::object_of("CreatedSigningKey", made_key_fields);

Error no_token_server() {
    return {Errc::not_found, "token server disabled; set ocilot.accounts.enabled: true"};
}

/// `GET /api/v1/keys`.
Task<Result<Response>> get_keys(Context const& context) {
    if (context.tokens == nullptr) co_return no_token_server();
    auto const current = context.tokens->keys().current();
    std::string body = R"({"keys":[)";
    for (auto const& one : current->keys) {
        if (&one != &current->keys.front()) body += ',';
        body += '{';
        append_member(body, "id", one.key.id());
        body += ',';
        append_member(body, "created_at", rfc3339(one.created_at));
        body += '}';
    }
    body += "]}";
    Response response;
    response.text(oci::media_type::json, std::move(body));
    co_return response;
}

/// `POST /api/v1/keys`.
Task<Result<Response>> post_keys(Context const& context) {
    if (context.tokens == nullptr) co_return no_token_server();
    CO_TRY(auto const id, co_await context.tokens->keys().rotate(registry::actor_of(context.caller)));
    std::string body = "{";
    append_member(body, "id", id);
    body += '}';
    Response response{.status = 201};
    response.text(oci::media_type::json, std::move(body));
    co_return response;
}

using policy::Action;

constexpr Verb keys_verbs[] = {
    {Method::get,
     Action::admin,
     get_keys,
     "List the signing keys, newest first.",
     {{{200, "Ids and creation times.", &key_list}}},
     {},
     Operation{}},
    {Method::post,
     Action::admin,
     post_keys,
     "Create a signing key and use it from now on. Older keys verify until their tokens expire.",
     {{{201, "Created.", &made_key}}},
     {},
     Operation{}}};

constexpr Endpoint key_route_table[] = {
    row("/api/v1/keys", "keys", keys_verbs),
};

}  // namespace

RouteTable key_routes() noexcept {
    return key_route_table;
}

}  // namespace ocilot::http
