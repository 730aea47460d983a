#include "base/quote.h"
#include "events/event_json.h"
#include "events/make_events.h"
#include "http/api/admin.h"
#include "http/api/routes.h"
#include "http/core/page.h"
#include "jobs/hook_deliveries.h"
#include "policy/control.h"
#include "registry/actor.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ocilot::http {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t hooks_parked_without_n = 50;
constexpr std::size_t most_hooks_parked = 500;

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
            {"last_error", state.last_error.empty() ? Json() : Json(state.last_error)}};
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
    auto const script = context.query.first("script");
    if (script && !script->empty()) return std::string(*script);
    return Error{Errc::bad_request, "missing parameter script: expected the name of a hook script"};
}

/// A change by its id; nullopt if absent.
Result<std::optional<std::int64_t>> asked_change(Context const& context, std::string_view name) {
    auto const text = context.query.first(name);
    if (!text) return std::optional<std::int64_t>();
    std::int64_t id = 0;
    auto const* const end = text->data() + text->size();
    auto const [stopped, problem] = std::from_chars(text->data(), end, id);
    if (problem == std::errc() && stopped == end && id > 0) return std::optional(id);
    return Error{Errc::bad_request,
                 fmt::format("invalid {} {}: expected the id of a change", name, quote(*text))};
}

Json json_of_parked(meta::HeldChange const& held) {
    auto list = Json::array();
    for (auto const& event : events::make_events(held.change)) list.push_back(events::to_json(event));
    return {{"change", held.change.id},
            {"repository", held.change.repository},
            {"parked_at", rfc3339(held.since)},
            {"attempts", held.attempts},
            {"error", held.error},
            {"events", std::move(list)}};
}

/// `GET /api/v1/hooks/parked?script=`: events that a script has failed at for good.
Task<Result<Response>> get_parked_hooks(Context const& context) {
    CO_TRY(auto const script, asked_script(context));
    CO_TRY(auto const after, asked_change(context, "after"));
    CO_TRY(auto const page, PageQuery::parse(context.query, hooks_parked_without_n, most_hooks_parked));
    CO_TRY(auto held, co_await context.hook_deliveries->parked(script, after.value_or(0), page.size + 1));
    bool const more = page.size > 0 && held.size() > page.size;
    if (held.size() > page.size) held.resize(page.size);
    auto list = Json::array();
    for (auto const& one : held) list.push_back(json_of_parked(one));
    auto response = json_response(200, {{"parked", std::move(list)}});
    if (more) {
        response.set("Link", next_link(context.urls.local("/api/v1/hooks/parked"),
                                       {{"script", script},
                                        {"after", std::to_string(held.back().change.id)},
                                        {"n", std::to_string(page.size)}}));
    }
    co_return response;
}

/// `POST /api/v1/hooks/parked?script=`: calls the hooks of a script again.
Task<Result<Response>> post_parked_hooks(Context const& context) {
    CO_TRY(auto const script, asked_script(context));
    CO_TRY(auto const change, asked_change(context, "change"));
    CO_TRY(auto const count, co_await context.hook_deliveries->replay(script, change));
    co_return json_response(200, {{"replayed", count}});
}

/// `DELETE /api/v1/hooks/parked?script=`: forgets them.
Task<Result<Response>> delete_parked_hooks(Context const& context) {
    CO_TRY(auto const script, asked_script(context));
    CO_TRY(auto const change, asked_change(context, "change"));
    CO_TRY(auto const count, co_await context.hook_deliveries->discard(script, change));
    co_return json_response(200, {{"discarded", count}});
}

using policy::Action;

constexpr Verb hooks_verbs[] = {{Method::get,
                                 Action::admin,
                                 get_hooks,
                                 "Get the active hooks with their state and counters.",
                                 {{{200, "Scripts, hook points and counters."}}},
                                 {}}};
constexpr Verb hooks_reload_verbs[] = {
    {Method::post,
     Action::admin,
     post_hooks_reload,
     "Reload the hook scripts. If a script is invalid, the previous ones stay active.",
     {{{200, "The active hooks. `ok` and `problems` are the result of the reload."}}},
     {}}};

constexpr Verb parked_hooks_verbs[] = {
    {Method::get,
     Action::admin,
     get_parked_hooks,
     "List events that a hook script has failed at for good; `?script=`; `?n=` page size, `?after=` last "
     "change "
     "of the previous page.",
     {{list_page}},
     {Errc::pagination_invalid}},
    {Method::post,
     Action::admin,
     post_parked_hooks,
     "Call the hooks of a script again for parked events: `?script=`, `?change=` only one.",
     {{{200, "`replayed`: the number of changes."}}},
     {}},
    {Method::del,
     Action::admin,
     delete_parked_hooks,
     "Forget parked events of a hook script: `?script=`, `?change=` only one.",
     {{{200, "`discarded`: the number of changes."}}},
     {}},
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
