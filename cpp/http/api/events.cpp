#include "base/quote.h"
#include "http/api/event_filter.h"
#include "http/api/event_log.h"
#include "http/api/event_schema.h"
#include "http/api/event_stream.h"
#include "http/api/routes.h"
#include "http/core/header.h"
#include "http/core/page.h"
#include "oci/media_type.h"

#include <boost/asio/this_coro.hpp>
#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ocilot::http {

namespace {

constexpr std::size_t events_without_n = 100;
constexpr std::size_t most_events = 1000;
constexpr std::string_view stream_type = "text/event-stream";

constexpr Field event_page_fields[] = {
    {"events", event_schema::event_list, "Oldest first."},
    {"next", schema::count, "Place of the last entry that was read: `after` of the next page."},
    {"newest", schema::count, "Place of the newest entry of the log."}};
constexpr Schema event_page_schema = schema::object_of("EventPage", event_page_fields);

constexpr Schema event_patterns = schema::list_of(schema::any_text);
constexpr Field events_after = optional(
    {"after", schema::count, "`sequence` of the last event that is known; missing or 0: the oldest kept."});
constexpr Field events_of_repository =
    optional({"repository", event_patterns, "Pattern, such as `team/**`; repeatable."});
constexpr Field events_of_tag = optional({"tag", event_patterns, "Pattern, such as `v*`; repeatable."});
constexpr Field events_of_action = optional(
    {"action", event_patterns, "Name, a family such as `tag.*`, or `*`; repeatable. Missing: most of them."});
constexpr Field events_query[] = {events_after, events_of_repository, events_of_tag, events_of_action,
                                  page_size};

bool wants_stream(Request const& request) {
    bool found = false;
    for_each_element(request, "Accept", [&](std::string_view element) {
        found = found || same_token(trimmed(cut(element, ';')), stream_type);
    });
    return found;
}

Result<std::int64_t> place_of(std::string_view text, std::string_view where) {
    std::int64_t place = 0;
    auto const end = text.data() + text.size();
    auto const [stopped, problem] = std::from_chars(text.data(), end, place);
    if (problem == std::errc{} && stopped == end && place >= 0) return place;
    return Error{Errc::bad_request,
                 fmt::format("invalid entry id {} for {}: expected a number, 0 for the oldest entry",
                             quote(text), where)};
}

/// Where a client wants to begin; a browser that comes again says so in a header.
Result<std::optional<std::int64_t>> asked_place(Context const& context) {
    auto const header = context.request.header("Last-Event-ID");
    bool const comes_again = header && !header->empty();
    auto const text = comes_again ? header : context.query.first(events_after.name);
    if (!text) return std::optional<std::int64_t>();
    TRY(auto const place, place_of(*text, comes_again ? "Last-Event-ID" : events_after.name));
    return std::optional(place);
}

Error expired(std::int64_t place, KeptChanges const& kept) {
    return {Errc::gone,
            fmt::format("entry {} has expired or is unknown: the log has {} to {}; continue with after={}",
                        place, kept.oldest, kept.newest, kept.start()),
            {std::to_string(kept.start())}};
}

Task<Result<Response>> stream_events(Context const& context, events::Filter filter, KeptChanges kept,
                                     std::optional<std::int64_t> asked) {
    bool const is_reset = asked && !kept.follow(*asked);
    auto const place = is_reset ? kept.start() : asked.value_or(kept.newest);
    auto const executor = co_await asio::this_coro::executor;
    auto stream = std::make_unique<EventStream>(context.registry, std::move(filter), place, executor);
    if (is_reset) stream->begin_with_reset();
    Response response;
    response.set("Content-Type", std::string(stream_type));
    response.set("X-Accel-Buffering", "no");  // A proxy that waits for the end of it waits long.
    response.body = std::move(stream);
    co_return response;
}

Response page_response(Context const& context, EventPage const& page, KeptChanges const& kept,
                       std::size_t size) {
    Response response;
    response.text(oci::media_type::json,
                  fmt::format(R"({{"events":[{}],"next":{},"newest":{}}})", fmt::join(page.events, ","),
                              page.place, std::max(kept.newest, page.place)));
    if (size == 0 || page.place >= kept.newest) return response;
    Parameters next{{events_after.name, std::to_string(page.place)}, {page_size.name, std::to_string(size)}};
    for (auto const name : {events_of_repository.name, events_of_tag.name, events_of_action.name}) {
        for (auto const value : context.query.all(name)) next.emplace_back(name, std::string(value));
    }
    response.set("Link", next_link(context.urls.local("/api/v1/events"), next));
    return response;
}

/// `GET /api/v1/events`: what happened, oldest first, in pages or as a stream.
Task<Result<Response>> get_events(Context const& context) {
    CO_TRY(auto filter, event_filter(context.query));
    CO_TRY(auto const asked, asked_place(context));
    CO_TRY(auto const wanted, PageQuery::parse(context.query, events_without_n, most_events));
    CO_TRY(auto const kept, co_await kept_changes(context.registry.meta.journal()));
    if (wants_stream(context.request)) {
        co_return co_await stream_events(context, std::move(filter), kept, asked);
    }
    if (asked && !kept.follow(*asked)) co_return expired(*asked, kept);
    auto const place = asked.value_or(0) == 0 ? kept.start() : *asked;
    CO_TRY(auto const page, co_await read_events(context.registry, place, filter, wanted.size));
    co_return page_response(context, page, kept, wanted.size);
}

using policy::Action;

constexpr Verb events_verbs[] = {
    {Method::get,
     Action::admin,
     get_events,
     "List events, oldest first, in pages. With `Accept: text/event-stream` a stream that continues after "
     "`Last-Event-ID` or `after`, without either with the next event.",
     {{{.status = list_page.status,
        .meaning = list_page.meaning,
        .body = &event_page_schema,
        .stream = stream_type}}},
     {Errc::pagination_invalid, Errc::gone},
     Operation{.query = events_query}}};

constexpr Endpoint events_route_table[] = {
    row("/api/v1/events", "events", events_verbs),
};

}  // namespace

RouteTable event_routes() noexcept {
    return events_route_table;
}

}  // namespace ocilot::http
