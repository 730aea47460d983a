#include "http/handlers.h"
#include "oci/media_type.h"
#include "policy/control.h"
#include "registry/actor.h"

namespace ocilot::http {

namespace {

Response json(std::string body) {
    Response response;
    response.set("Cache-Control", "no-store");
    response.text(oci::media_type::json, std::move(body));
    return response;
}

Error without_hooks() {
    return {Errc::not_found, "this registry runs no hooks"};
}

}  // namespace

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
    std::vector<meta::JournalEntry> entries(1);
    entries[0].at = context.registry.clock.now();
    entries[0].action = "hooks.reload";
    entries[0].by = registry::actor_of(context.caller);
    CO_CHECK(co_await context.registry.meta.journal().append(std::move(entries)));
    co_return json(std::move(outcome));
}

}  // namespace ocilot::http
