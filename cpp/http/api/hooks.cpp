#include "http/api/admin.h"
#include "http/api/held_changes.h"
#include "http/api/routes.h"
#include "jobs/hook_deliveries.h"
#include "policy/control.h"
#include "registry/actor.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ocilot::http {

namespace {

using Json = nlohmann::ordered_json;

constexpr Field tally_fields[] = {{"calls", schema::count},
                                  {"denied", schema::count},
                                  {"failed", schema::count},
                                  {"seconds", schema::seconds, "Time in this hook, of all calls."}};
constexpr Schema tally_schema = schema::object_of("HookCounters", tally_fields);
constexpr Schema hook_texts = schema::list_of(schema::any_text);
constexpr Field place_fields[] = {
    {"place", schema::count, "Last entry of the change log that was handled."},
    {"lag_entries", schema::count, "Entries that are not handled yet."},
    {"lag_since", schema::or_null(schema::time), "Time of the oldest of them."},
    {"waiting", schema::count, "Changes set aside for another attempt."},
    {"parked", schema::count, "Changes that are not tried again by themselves."},
    {"failures", schema::count, "Calls that failed in a row."},
    {"failing_since", schema::or_null(schema::time)},
    {"next_attempt", schema::or_null(schema::time)},
    {"last_error", schema::or_null(schema::any_text)}};
constexpr Schema place_schema = schema::object_of("HookPlace", place_fields);
constexpr Field script_fields[] = {
    {"script", schema::any_text},
    {"path", schema::any_text},
    {"summary", schema::any_text, "First sentence of its docstring."},
    {"repositories", schema::or_null(hook_texts), "Patterns; `null`: all."},
    {"options", schema::any_object},
    {"isolation", schema::any_text},
    {"caller", schema::or_null(schema::any_text), "Account that `event.registry` acts as; `null`: none."},
    {"deadline", schema::seconds, "Seconds."},
    {"on_error", schema::any_text, "`refuse` or `allow`."},
    {"running", schema::count},
    {"waiting", schema::count},
    {"stuck", schema::count, "Calls whose thread did not end after the deadline."},
    {"points", schema::map_of(tally_schema), "Counters by hook point."},
    {"events", schema::or_null(place_schema), "`null`: it has no event hook."}};
constexpr Schema script_schema = schema::object_of("HookScript", script_fields);
constexpr Field hooks_fields[] = {
    {"ok", schema::boolean, "Whether the last reload succeeded."},
    {"problems", hook_texts, "Why it failed."},
    {"generation", schema::count, "Number of the reload that the scripts result from."},
    {"loaded", schema::time},
    {"retiring", schema::count, "Earlier generations that still answer."},
    {"scripts", schema::list_of(script_schema)}};
constexpr Schema hooks_schema = schema::object_of("Hooks", hooks_fields);

constexpr Field hooks_replayed_fields[] = {{"replayed", schema::count, "Changes."}};
constexpr Schema hooks_replayed = schema::object_of("ReplayedHookChanges", hooks_replayed_fields);
constexpr Field hooks_discarded_fields[] = {{"discarded", schema::count, "Changes."}};
constexpr Schema hooks_discarded = schema::object_of("DiscardedHookChanges", hooks_discarded_fields);

constexpr Field of_script{"script", schema::any_text, "Name of the hook script."};
constexpr Field hooks_parked_query[] = {of_script, after_change, page_size};
constexpr Field hooks_change_query[] = {of_script, one_change};

Error without_hooks() {
    return {Errc::not_found, "no hooks configured"};
}

Json json_of_place(meta::Consumer const& consumer) {
    auto const& state = consumer.state;
    return {{"place", consumer.place},
            {"lag_entries", consumer.behind},
            {"lag_since", json_time(consumer.behind_since)},
            {"waiting", consumer.waiting},
            {"parked", consumer.parked},
            {"failures", state.failures},
            {"failing_since", json_time(state.failing_since)},
            {"next_attempt", json_time(state.next_attempt)},
            {"last_error", error_or_null(state.last_error)}};
}

/// Adds to each script how far it has been told of events; null for one that is told of none.
Task<Result<>> add_places(Context const& context, Json& status) {
    std::vector<meta::Consumer> consumers;
    if (context.hook_deliveries != nullptr) {
        CO_TRY(consumers, co_await context.hook_deliveries->list());
    }
    if (!status.is_object() || !status.contains("scripts")) co_return Result<>();
    for (auto& script : status["scripts"]) {
        script["events"] = nullptr;
        auto const name = script.value("script", std::string());
        auto const found = std::ranges::find(consumers, name, &meta::Consumer::name);
        if (found != consumers.end()) script["events"] = json_of_place(*found);
    }
    co_return Result<>();
}

/// What the scripts say of themselves, and how far they have been told of events.
Task<Result<Response>> with_places(Context const& context, std::string const& status) {
    auto document = Json::parse(status, nullptr, false);
    CO_CHECK(co_await add_places(context, document));
    co_return json_response(200, document);
}

/// `GET /api/v1/hooks`: which scripts are in force, and how they fare.
Task<Result<Response>> get_hooks(Context const& context) {
    if (context.hooks == nullptr) co_return without_hooks();
    CO_TRY(auto const status, co_await context.hooks->status());
    co_return co_await with_places(context, status);
}

/// `POST /api/v1/hooks/reload`: loads the scripts again.
Task<Result<Response>> post_hooks_reload(Context const& context) {
    if (context.hooks == nullptr) co_return without_hooks();
    CO_TRY(auto const outcome, co_await context.hooks->reload());
    std::vector<meta::Change> changes(1);
    changes[0].at = context.registry.clock.now();
    changes[0].kind = meta::ChangeKind::hooks_reload;
    changes[0].by = registry::actor_of(context.caller);
    CO_CHECK(co_await context.registry.meta.journal().append(std::move(changes)));
    co_return co_await with_places(context, outcome);
}

Result<std::string> asked_script(Context const& context) {
    if (context.hook_deliveries == nullptr) return without_hooks();
    auto const script = context.query.first(of_script.name);
    if (script && !script->empty()) return std::string(*script);
    return Error{Errc::bad_request, "empty parameter script: expected the name of a hook script"};
}

/// `GET /api/v1/hooks/parked?script=`: events that a script has failed at for good.
Task<Result<Response>> get_parked_hooks(Context const& context) {
    CO_TRY(auto const script, asked_script(context));
    CO_TRY(auto const wanted, ParkedQuery::parse(context.query));
    CO_TRY(auto held, co_await context.hook_deliveries->parked(script, wanted.after, wanted.limit()));
    Parameters own{{of_script.name, script}};
    co_return co_await parked_page(context.registry, wanted, std::move(held),
                                   context.urls.local("/api/v1/hooks/parked"), std::move(own));
}

/// `POST /api/v1/hooks/parked?script=`: calls the hooks of a script again.
Task<Result<Response>> post_parked_hooks(Context const& context) {
    CO_TRY(auto const script, asked_script(context));
    CO_TRY(auto const change, query_change(context.query, one_change));
    CO_TRY(auto const count, co_await context.hook_deliveries->replay(script, change));
    CO_CHECK(co_await note_parked(context, meta::ChangeKind::delivery_replay, fmt::format("hook:{}", script),
                                  count));
    co_return json_response(200, {{"replayed", count}});
}

/// `DELETE /api/v1/hooks/parked?script=`: forgets them.
Task<Result<Response>> delete_parked_hooks(Context const& context) {
    CO_TRY(auto const script, asked_script(context));
    CO_TRY(auto const change, query_change(context.query, one_change));
    CO_TRY(auto const count, co_await context.hook_deliveries->discard(script, change));
    CO_CHECK(co_await note_parked(context, meta::ChangeKind::delivery_discard, fmt::format("hook:{}", script),
                                  count));
    co_return json_response(200, {{"discarded", count}});
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

constexpr Verb parked_hooks_verbs[] = {
    {Method::get,
     Action::admin,
     get_parked_hooks,
     "List the changes that a hook script has failed at for good, oldest first.",
     {{page_of(parked_list)}},
     {Errc::pagination_invalid},
     Operation{.query = hooks_parked_query}},
    {Method::post,
     Action::admin,
     post_parked_hooks,
     "Call the hooks of a script again for its parked changes, or one of them.",
     {{{200, "How many wait for their calls now.", &hooks_replayed}}},
     {},
     Operation{.query = hooks_change_query}},
    {Method::del,
     Action::admin,
     delete_parked_hooks,
     "Forget the parked changes of a hook script, or one of them.",
     {{{200, "How many were forgotten.", &hooks_discarded}}},
     {},
     Operation{.query = hooks_change_query}},
};

constexpr Endpoint hook_route_table[] = {
    row("/api/v1/hooks", "hooks", hooks_verbs),
    row("/api/v1/hooks/parked", "hooks_parked", parked_hooks_verbs),
    row("/api/v1/hooks/reload", "hooks_reload", hooks_reload_verbs),
};

}  // namespace

RouteTable hook_routes() noexcept {
    return hook_route_table;
}

}  // namespace ocilot::http
