#include "jobs/webhooks.h"

#include "http/api/admin.h"
#include "http/api/held_changes.h"
#include "http/api/routes.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ocilot::http {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view webhook_formats[] = {"distribution", "cloudevents", "cloudevents-binary",
                                                "slack",        "teams",       "discord"};
constexpr std::string_view webhook_states[] = {"ok", "failing", "resting", "disabled"};

constexpr Field exchange_fields[] = {
    {"at", schema::time},
    {"milliseconds", schema::count, "Duration."},
    {"status", schema::or_null(schema::count), "Of the response; `null`: there was none."},
    {"error", schema::or_null(schema::any_text), "`null`: it was delivered, and its answer read."},
    {"answer", schema::any_text, "First bytes of the body of the response."}};
constexpr Schema exchange_schema = schema::object_of("WebhookExchange", exchange_fields);

constexpr Field webhook_fields[] = {
    {"name", schema::any_text},
    {"url", schema::any_text, "Without path and query, which may be secret."},
    {"format", schema::one_of(webhook_formats)},
    {"state", schema::one_of(webhook_states), "`resting`: one attempt at a time after many failures."},
    {"place", schema::count, "Last entry of the change log that was handled."},
    {"lag_entries", schema::count, "Entries that are not handled yet."},
    {"lag_since", schema::or_null(schema::time), "Time of the oldest of them."},
    {"waiting", schema::count, "Changes set aside for another attempt."},
    {"parked", schema::count, "Changes that are not tried again by themselves."},
    {"failures", schema::count, "Attempts that failed in a row."},
    {"failing_since", schema::or_null(schema::time)},
    {"next_attempt", schema::or_null(schema::time)},
    {"last_success_at", schema::or_null(schema::time)},
    {"last_error", schema::or_null(schema::any_text)},
    {"last", schema::or_null(exchange_schema), "Last request since the start."}};
constexpr Schema webhook_schema = schema::object_of("Webhook", webhook_fields);
constexpr Field webhook_list_fields[] = {{"webhooks", schema::list_of(webhook_schema)}};
constexpr Schema webhook_list = schema::object_of("WebhookList", webhook_list_fields);

constexpr Field webhook_test_fields[] = {{"name", schema::any_text},
                                         {"delivered", schema::boolean},
                                         {"error", schema::or_null(schema::any_text)},
                                         {"last", schema::or_null(exchange_schema)}};
constexpr Schema webhook_test = schema::object_of("WebhookTest", webhook_test_fields);

constexpr Field discarded_fields[] = {{"name", schema::any_text}, {"discarded", schema::count}};
constexpr Schema discarded_schema = schema::object_of("DiscardedChanges", discarded_fields);
constexpr Field replayed_fields[] = {{"name", schema::any_text},
                                     {"replayed", schema::count, "Changes that wait for delivery now."}};
constexpr Schema replayed_schema = schema::object_of("ReplayedChanges", replayed_fields);

constexpr Field webhook_field{"webhook", {.pattern = "^[A-Za-z0-9._-]+$"}, "Name of the webhook."};
constexpr Field parked_query[] = {after_change, page_size};
constexpr Field change_query[] = {one_change};

Result<> check_delivers(Context const& context) {
    if (context.webhooks != nullptr) return {};
    return Error{Errc::not_found, "this registry has no webhooks"};
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
    CO_TRY(auto const wanted, ParkedQuery::parse(context.query));
    CO_TRY(auto held, co_await context.webhooks->parked(context.item, wanted.after, wanted.limit()));
    auto const path = fmt::format("/api/v1/webhooks/parked/{}", context.item);
    co_return co_await parked_page(context.registry, wanted, std::move(held), context.urls.local(path));
}

/// `DELETE /api/v1/webhooks/parked/<item>?change=`.
Task<Result<Response>> delete_parked(Context const& context) {
    CO_CHECK(check_delivers(context));
    CO_TRY(auto const id, query_change(context.query, one_change));
    CO_TRY(auto const count, co_await context.webhooks->discard(context.item, id));
    CO_CHECK(co_await note_parked(context, meta::ChangeKind::delivery_discard,
                                  fmt::format("webhook:{}", context.item), count));
    co_return json_response(200, {{"name", context.item}, {"discarded", count}});
}

/// `POST /api/v1/webhooks/replay/<item>?change=`.
Task<Result<Response>> post_replay(Context const& context) {
    CO_CHECK(check_delivers(context));
    CO_TRY(auto const id, query_change(context.query, one_change));
    CO_TRY(auto const count, co_await context.webhooks->replay(context.item, id));
    CO_CHECK(co_await note_parked(context, meta::ChangeKind::delivery_replay,
                                  fmt::format("webhook:{}", context.item), count));
    co_return json_response(202, {{"name", context.item}, {"replayed", count}});
}

using policy::Action;

constexpr Verb webhooks_verbs[] = {{Method::get,
                                    Action::admin,
                                    get_webhooks,
                                    "List the webhooks with their state, lag and last answer.",
                                    {{{200, "Webhooks in the order of the configuration.", &webhook_list}}},
                                    {},
                                    Operation{}}};
constexpr Verb webhook_verbs[] = {{Method::get,
                                   Action::admin,
                                   get_webhook,
                                   "Get the state, the lag and the last answer of a webhook.",
                                   {{{200, "The webhook.", &webhook_schema}}},
                                   {},
                                   Operation{.item = &webhook_field}}};
constexpr Verb webhook_test_verbs[] = {
    {Method::post,
     Action::admin,
     post_test,
     "Send a test event to a webhook now, also to one that is disabled or rests.",
     {{{200, "Whether it was delivered, and what the receiver answered.", &webhook_test}}},
     {},
     Operation{.item = &webhook_field}}};
constexpr Verb parked_verbs[] = {{Method::get,
                                  Action::admin,
                                  get_parked,
                                  "List the changes that a webhook did not take, oldest first.",
                                  {{page_of(parked_list)}},
                                  {Errc::pagination_invalid},
                                  Operation{.item = &webhook_field, .query = parked_query}},
                                 {Method::del,
                                  Action::admin,
                                  delete_parked,
                                  "Discard the parked changes of a webhook, or one of them.",
                                  {{{200, "How many were discarded.", &discarded_schema}}},
                                  {},
                                  Operation{.item = &webhook_field, .query = change_query}}};
constexpr Verb replay_verbs[] = {{Method::post,
                                  Action::admin,
                                  post_replay,
                                  "Deliver the parked changes of a webhook again, or one of them.",
                                  {{{202, "How many wait for delivery now.", &replayed_schema}}},
                                  {},
                                  Operation{.item = &webhook_field, .query = change_query}}};

constexpr Endpoint webhook_route_table[] = {
    row("/api/v1/webhooks", "webhooks", webhooks_verbs),
    row("/api/v1/webhooks/<item>", "webhook", webhook_verbs),
    row("/api/v1/webhooks/test/<item>", "webhook_test", webhook_test_verbs),
    row("/api/v1/webhooks/parked/<item>", "webhook_parked", parked_verbs),
    row("/api/v1/webhooks/replay/<item>", "webhook_replay", replay_verbs),
};

}  // namespace

RouteTable webhook_routes() noexcept {
    return webhook_route_table;
}

}  // namespace ocilot::http
