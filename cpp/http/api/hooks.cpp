#include "http/api/routes.h"
#include "oci/media_type.h"
#include "policy/control.h"
#include "registry/actor.h"

namespace ocilot::http {

namespace {

constexpr Field tally_fields[] = {{"calls", schema::count},
                                  {"denied", schema::count},
                                  {"failed", schema::count},
                                  {"seconds", schema::seconds, "Time in this hook, of all calls."}};
constexpr Schema tally_schema = schema::object_of("HookCounters", tally_fields);
constexpr Schema hook_texts = schema::list_of(schema::any_text);
constexpr Field script_fields[] = {
    {"script", schema::any_text},
    {"path", schema::any_text},
    {"summary", schema::any_text, "First sentence of its docstring."},
    {"repositories", schema::or_null(hook_texts), "Patterns; `null`: all."},
    {"options", schema::any_object},
    {"isolation", schema::any_text},
    {"deadline", schema::seconds, "Seconds."},
    {"on_error", schema::any_text, "`refuse` or `allow`."},
    {"running", schema::count},
    {"waiting", schema::count},
    {"stuck", schema::count, "Calls whose thread did not end after the deadline."},
    {"points", schema::map_of(tally_schema), "Counters by hook point."}};
constexpr Schema script_schema = schema::object_of("HookScript", script_fields);
constexpr Field hooks_fields[] = {
    {"ok", schema::boolean, "Whether the last reload succeeded."},
    {"problems", hook_texts, "Why it failed."},
    {"generation", schema::count, "Number of the reload that the scripts result from."},
    {"loaded", schema::time},
    {"retiring", schema::count, "Earlier generations that still answer."},
    {"scripts", schema::list_of(script_schema)}};
constexpr Schema hooks_schema = schema::object_of("Hooks", hooks_fields);

Response json(std::string body) {
    Response response;
    response.set("Cache-Control", "no-store");
    response.text(oci::media_type::json, std::move(body));
    return response;
}

Error without_hooks() {
    return {Errc::not_found, "no hooks configured"};
}

/// `GET /api/v1/hooks`: which scripts are in force, and how they fare.
Task<Result<Response>> get_hooks(Context const& context) {
    if (context.hooks == nullptr) co_return without_hooks();
    CO_TRY(auto status, co_await context.hooks->status());
    co_return json(std::move(status));
}

/// `POST /api/v1/hooks/reload`: loads the scripts again.
Task<Result<Response>> post_hooks_reload(Context const& context) {
    if (context.hooks == nullptr) co_return without_hooks();
    CO_TRY(auto outcome, co_await context.hooks->reload());
    std::vector<meta::Change> changes(1);
    changes[0].at = context.registry.clock.now();
    changes[0].kind = meta::ChangeKind::hooks_reload;
    changes[0].by = registry::actor_of(context.caller);
    CO_CHECK(co_await context.registry.meta.journal().append(std::move(changes)));
    co_return json(std::move(outcome));
}

using policy::Action;

constexpr Verb hooks_verbs[] = {{Method::get,
                                 Action::admin,
                                 get_hooks,
                                 "Get the active hooks with their state and counters.",
                                 {{{200, "Scripts, hook points and counters.", &hooks_schema}}},
                                 {},
                                 Operation{}}};
constexpr Verb hooks_reload_verbs[] = {
    {Method::post,
     Action::admin,
     post_hooks_reload,
     "Reload the hook scripts. If a script is invalid, the previous ones stay active.",
     {{{200, "The active hooks. `ok` and `problems` are the result of the reload.", &hooks_schema}}},
     {},
     Operation{}}};

constexpr Endpoint hook_route_table[] = {
    row("/api/v1/hooks", "hooks", hooks_verbs),
    row("/api/v1/hooks/reload", "hooks_reload", hooks_reload_verbs),
};

}  // namespace

RouteTable hook_routes() noexcept {
    return hook_route_table;
}

}  // namespace ocilot::http
