#include "http/api/held_changes.h"

#include "base/quote.h"
#include "events/event_json.h"
#include "events/make_events.h"
#include "http/api/admin.h"
#include "jobs/add_platforms.h"
#include "registry/actor.h"

#include <charconv>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <utility>

namespace ocilot::http {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t parked_without_n = 50;
constexpr std::size_t most_parked = 500;

Task<Json> json_of(registry::Registry& registry, meta::HeldChange const& held) {
    auto made = events::make_events(held.change);
    co_await ocilot::jobs::add_platforms(registry, made);
    auto list = Json::array();
    for (auto const& event : made) list.push_back(Json::parse(events::json_text(event)));
    co_return Json{{"change", held.change.id},           {"repository", held.change.repository},
                   {"parked_at", rfc3339(held.since)},   {"attempts", held.attempts},
                   {"error", error_or_null(held.error)}, {"events", std::move(list)}};
}

}  // namespace

Result<std::optional<std::int64_t>> query_change(Query const& query, Field const& field) {
    auto const text = query.first(field.name);
    if (!text) return std::optional<std::int64_t>();
    std::int64_t id = 0;
    auto const* const end = text->data() + text->size();
    auto const [stopped, problem] = std::from_chars(text->data(), end, id);
    if (problem == std::errc() && stopped == end && id > 0) return std::optional(id);
    return Error{Errc::bad_request,
                 fmt::format("invalid {} {}: expected the id of a change", field.name, quote(*text))};
}

Result<ParkedQuery> ParkedQuery::parse(Query const& query) {
    TRY(auto const after, query_change(query, after_change));
    TRY(auto const page, PageQuery::parse(query, parked_without_n, most_parked));
    return ParkedQuery{after.value_or(0), page.size};
}

Task<Response> parked_page(registry::Registry& registry, ParkedQuery const& wanted, meta::HeldPage page,
                           std::string path, Parameters own) {
    auto& held = page.items;
    bool const more = wanted.size > 0 && (page.more || held.size() > wanted.size);
    if (held.size() > wanted.size) held.resize(wanted.size);
    auto list = Json::array();
    for (auto const& each : held) list.push_back(co_await json_of(registry, each));
    auto response = json_response(200, {{"parked", std::move(list)}});
    if (!more) co_return response;
    own.emplace_back(after_change.name, std::to_string(held.back().change.id));
    own.emplace_back(page_size.name, std::to_string(wanted.size));
    response.set("Link", next_link(path, own));
    co_return response;
}

Json error_or_null(std::string const& text) {
    return text.empty() ? Json() : Json(text);
}

Task<Result<>> note_parked(Context const& context, meta::ChangeKind kind, std::string consumer,
                           std::size_t count) {
    if (count == 0) co_return Result<>();
    std::vector<meta::Change> changes(1);
    auto& change = changes.front();
    change.at = context.registry.clock.now();
    change.kind = kind;
    change.by = registry::actor_of(context.caller);
    change.name = std::move(consumer);
    change.details.counts = {{"changes", count}};
    co_return co_await context.registry.meta.journal().append(std::move(changes));
}

}  // namespace ocilot::http
