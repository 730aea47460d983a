#include "http/api/admin.h"
#include "http/api/routes.h"
#include "http/core/json_members.h"
#include "jobs/retention.h"
#include "registry/actor.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ocilot::http {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view policy_sources[] = {"configuration", "api"};
constexpr Field known_policy_fields[] = {
    {"name", schema::any_text},
    {"source", schema::one_of(policy_sources),
     "Where it was set; the configuration's cannot be changed here."},
    {"in_force", schema::boolean, "`false`: the configuration has one with this name."},
    {"changed_at", schema::or_null(schema::time), "`null` for one of the configuration."},
    {"changed_by", schema::or_null(schema::any_text), "`null` for one of the configuration."},
    {"error", schema::or_null(schema::any_text), "Why it cannot be read; `null`: it can."},
    {"policy", schema::any_object, "In the form of the configuration."}};
constexpr Schema known_policy_schema = schema::object_of("RetentionPolicy", known_policy_fields);
constexpr Field known_policy_list_fields[] = {
    {"policies", schema::list_of(known_policy_schema), "First those of the configuration."}};
constexpr Schema known_policy_list = schema::object_of("RetentionPolicyList", known_policy_list_fields);
constexpr Field policy_field{
    "policy", {.pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"}, "Name of the policy."};

Result<> check_retains(Context const& context) {
    if (context.retention != nullptr) return {};
    return Error{Errc::not_found, "this registry has no retention"};
}

Json json_of(jobs::KnownPolicy const& policy) {
    auto content = Json::parse(policy.content, nullptr, false);
    if (!content.is_object()) content = Json::object();  // Damaged: it can still be seen, and removed.
    return {{"name", policy.name},
            {"source", policy_sources[policy.configured ? 0 : 1]},
            {"in_force", policy.in_force},
            {"changed_at", json_time(policy.changed_at)},
            {"changed_by", policy.configured ? Json() : Json(policy.changed_by)},
            {"error", policy.error.empty() ? Json() : Json(policy.error)},
            {"policy", std::move(content)}};
}

/// `GET /api/v1/retention/policies`.
Task<Result<Response>> get_policies(Context const& context) {
    CO_CHECK(check_retains(context));
    CO_TRY(auto const all, co_await context.retention->policies().list());
    auto list = Json::array();
    for (auto const& policy : all) list.push_back(json_of(policy));
    co_return json_response(200, {{"policies", std::move(list)}});
}

/// `GET /api/v1/retention/policies/<item>`.
Task<Result<Response>> get_policy(Context const& context) {
    CO_CHECK(check_retains(context));
    CO_TRY(auto const policy, co_await context.retention->policies().find(std::string(context.item)));
    co_return json_response(200, json_of(policy));
}

/// The policy in the body, with the name in the path.
Task<Result<std::string>> sent_policy(Context const& context) {
    CO_TRY(auto members, co_await JsonMembers::of_body(context.request));
    Json policy{{"name", context.item}};
    policy.update(Json::parse(members.rest()));
    if (policy["name"] != context.item) {
        co_return Error{
            Errc::bad_request,
            "invalid field name: expected the name in the path, or none; a policy keeps its name"};
    }
    co_return policy.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// `PUT /api/v1/retention/policies/<item>`.
Task<Result<Response>> put_policy(Context const& context) {
    CO_CHECK(check_retains(context));
    CO_TRY(auto content, co_await sent_policy(context));
    auto& policies = context.retention->policies();
    std::string const name(context.item);
    CO_TRY(bool const added,
           co_await policies.set(name, std::move(content), registry::actor_of(context.caller)));
    CO_TRY(auto const policy, co_await policies.find(name));
    co_return json_response(added ? 201 : 200, json_of(policy));
}

/// `DELETE /api/v1/retention/policies/<item>`.
Task<Result<Response>> delete_policy(Context const& context) {
    CO_CHECK(check_retains(context));
    CO_CHECK(co_await context.retention->policies().remove(std::string(context.item),
                                                           registry::actor_of(context.caller)));
    co_return Response{.status = 204};
}

using policy::Action;

constexpr Verb policies_verbs[] = {{Method::get,
                                    Action::admin,
                                    get_policies,
                                    "List the policies of retention, with where they were set.",
                                    {{{200, "All policies.", &known_policy_list}}},
                                    {},
                                    Operation{}}};
constexpr Verb policy_verbs[] = {
    {Method::get,
     Action::admin,
     get_policy,
     "Get a policy of retention.",
     {{{200, "The policy.", &known_policy_schema}}},
     {},
     Operation{.item = &policy_field}},
    {Method::put,
     Action::admin,
     put_policy,
     "Set a policy of retention, in the form of the configuration. It is in force at once.",
     {{{201, "The new policy.", &known_policy_schema}, {200, "The changed policy.", &known_policy_schema}}},
     {Errc::body_too_large, Errc::conflict},
     Operation{.item = &policy_field, .body = &schema::any_object}},
    {Method::del,
     Action::admin,
     delete_policy,
     "Remove a policy of retention that was set over the API.",
     {{{204, "Removed."}}},
     {Errc::conflict},
     Operation{.item = &policy_field}}};

constexpr Endpoint retention_policy_route_table[] = {
    row("/api/v1/retention/policies", "retention_policies", policies_verbs),
    row("/api/v1/retention/policies/<item>", "retention_policy", policy_verbs),
};

}  // namespace

RouteTable retention_policy_routes() noexcept {
    return retention_policy_route_table;
}

}  // namespace ocilot::http
