#include "jobs/webhooks.h"

#include "base/quote.h"
#include "events/event_json.h"
#include "events/make_events.h"
#include "http/api/admin.h"
#include "http/api/routes.h"
#include "http/core/page.h"

#include <charconv>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ocilot::http {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t parked_without_n = 50;
constexpr std::size_t most_parked = 500;

Result<> check_delivers(Context const& context) {
    if (context.webhooks != nullptr) return {};
    return Error{Errc::not_found, "this registry has no webhooks"};
}

Json error_or_null(std::string const& text) {
    return text.empty() ? Json() : Json(text);
}

Json json_of(jobs::WebhookExchange const& exchange) {
    return {{"at", rfc3339(exchange.at)},
            {"milliseconds", exchange.took.count()},
            {"status", exchange.status == 0 ? Json() : Json(exchange.status)},
            {"error", error_or_null(exchange.error)},
            {"answer", exchange.excerpt}};
}

Json json_of(jobs::WebhookStatus const& webhook) {
    auto const& consumer = webhook.consumer;
    auto const& state = consumer.state;
    Json document{{"name", webhook.name},
                  {"url", webhook.url},
                  {"format", to_string(webhook.format)},
                  {"state", webhook.state},
                  {"place", consumer.place},
                  {"lag_entries", consumer.behind},
                  {"lag_since", json_time(consumer.behind_since)},
                  {"waiting", consumer.waiting},
                  {"parked", consumer.parked},
                  {"failures", state.failures},
                  {"failing_since", json_time(state.failing_since)},
                  {"next_attempt", json_time(state.next_attempt)},
                  {"last_success_at", json_time(state.last_success_at)},
                  {"last_error", error_or_null(state.last_error)},
                  {"last", nullptr}};
    if (webhook.last) document["last"] = json_of(*webhook.last);
    return document;
}

Json json_of(meta::HeldChange const& held) {
    auto list = Json::array();
    for (auto const& event : events::make_events(held.change)) list.push_back(events::to_json(event));
    return {{"change", held.change.id},           {"repository", held.change.repository},
            {"parked_at", rfc3339(held.since)},   {"attempts", held.attempts},
            {"error", error_or_null(held.error)}, {"events", std::move(list)}};
}

/// A change in the query, by its id; nullopt if absent.
Result<std::optional<std::int64_t>> query_id(Context const& context, std::string_view name) {
    auto const text = context.query.first(name);
    if (!text) return std::optional<std::int64_t>();
    std::int64_t id = 0;
    auto const* const end = text->data() + text->size();
    auto const [stopped, problem] = std::from_chars(text->data(), end, id);
    if (problem == std::errc() && stopped == end && id > 0) return std::optional(id);
    return Error{Errc::bad_request,
                 fmt::format("invalid {} {}: expected the id of a change", name, quote(*text))};
}

/// `GET /api/v1/webhooks`.
Task<Result<Response>> get_webhooks(Context const& context) {
    CO_CHECK(check_delivers(context));
    CO_TRY(auto const all, co_await context.webhooks->list());
    auto list = Json::array();
    for (auto const& webhook : all) list.push_back(json_of(webhook));
    co_return json_response(200, {{"webhooks", std::move(list)}});
}

/// `GET /api/v1/webhooks/<item>`.
Task<Result<Response>> get_webhook(Context const& context) {
    CO_CHECK(check_delivers(context));
    CO_TRY(auto const webhook, co_await context.webhooks->status(context.item));
    co_return json_response(200, json_of(webhook));
}

/// `POST /api/v1/webhooks/test/<item>`.
Task<Result<Response>> post_test(Context const& context) {
    CO_CHECK(check_delivers(context));
    CO_TRY(auto const answer, co_await context.webhooks->test(context.item));
    CO_TRY(auto const webhook, co_await context.webhooks->status(context.item));
    Json document{{"name", webhook.name},
                  {"delivered", answer.verdict == jobs::DeliveryVerdict::delivered},
                  {"error", error_or_null(answer.error)},
                  {"last", nullptr}};
    if (webhook.last) document["last"] = json_of(*webhook.last);
    co_return json_response(200, document);
}

/// `GET /api/v1/webhooks/parked/<item>?after=&n=`.
Task<Result<Response>> get_parked(Context const& context) {
    CO_CHECK(check_delivers(context));
    CO_TRY(auto const after, query_id(context, "after"));
    CO_TRY(auto const page, PageQuery::parse(context.query, parked_without_n, most_parked));
    CO_TRY(auto held, co_await context.webhooks->parked(context.item, after.value_or(0), page.size + 1));
    bool const more = page.size > 0 && held.size() > page.size;
    held.resize(std::min(held.size(), page.size));
    auto list = Json::array();
    for (auto const& each : held) list.push_back(json_of(each));
    auto response = json_response(200, {{"parked", std::move(list)}});
    if (more) {
        Parameters const next{{"after", std::to_string(held.back().change.id)},
                              {"n", std::to_string(page.size)}};
        auto const path = fmt::format("/api/v1/webhooks/parked/{}", context.item);
        response.set("Link", next_link(context.urls.local(path), next));
    }
    co_return response;
}

/// `DELETE /api/v1/webhooks/parked/<item>?change=`.
Task<Result<Response>> delete_parked(Context const& context) {
    CO_CHECK(check_delivers(context));
    CO_TRY(auto const id, query_id(context, "change"));
    CO_TRY(auto const count, co_await context.webhooks->discard(context.item, id));
    co_return json_response(200, {{"name", context.item}, {"discarded", count}});
}

/// `POST /api/v1/webhooks/replay/<item>?change=`.
Task<Result<Response>> post_replay(Context const& context) {
    CO_CHECK(check_delivers(context));
    CO_TRY(auto const id, query_id(context, "change"));
    CO_TRY(auto const count, co_await context.webhooks->replay(context.item, id));
    co_return json_response(202, {{"name", context.item}, {"replayed", count}});
}

using policy::Action;

constexpr Verb webhooks_verbs[] = {{Method::get,
                                    Action::admin,
                                    get_webhooks,
                                    "List the webhooks with their state, lag and last answer.",
                                    {{{200, "Webhooks in the order of the configuration."}}},
                                    {}}};
constexpr Verb webhook_verbs[] = {{Method::get,
                                   Action::admin,
                                   get_webhook,
                                   "Get the state, the lag and the last answer of a webhook.",
                                   {{{200, "The webhook."}}},
                                   {}}};
constexpr Verb test_verbs[] = {{Method::post,
                                Action::admin,
                                post_test,
                                "Send a test event to a webhook now, also to one that is disabled or rests.",
                                {{{200, "Whether it was delivered, and what the receiver answered."}}},
                                {}}};
constexpr Verb parked_verbs[] = {{Method::get,
                                  Action::admin,
                                  get_parked,
                                  "List the changes that a webhook did not take, oldest first: `?n=` a page, "
                                  "`?after=` the id of a change.",
                                  {{list_page}},
                                  {Errc::pagination_invalid}},
                                 {Method::del,
                                  Action::admin,
                                  delete_parked,
                                  "Discard the parked changes of a webhook, or one: `?change=`.",
                                  {{{200, "How many were discarded."}}},
                                  {}}};
constexpr Verb replay_verbs[] = {{Method::post,
                                  Action::admin,
                                  post_replay,
                                  "Deliver the parked changes of a webhook again, or one: `?change=`.",
                                  {{{202, "How many wait for delivery now."}}},
                                  {}}};

constexpr Endpoint webhook_route_table[] = {
    row("/api/v1/webhooks", "webhooks", webhooks_verbs),
    row("/api/v1/webhooks/<item>", "webhook", webhook_verbs),
    row("/api/v1/webhooks/test/<item>", "webhook_test", test_verbs),
    row("/api/v1/webhooks/parked/<item>", "webhook_parked", parked_verbs),
    row("/api/v1/webhooks/replay/<item>", "webhook_replay", replay_verbs),
};

}  // namespace

RouteTable webhook_routes() noexcept {
    return webhook_route_table;
}

}  // namespace ocilot::http
