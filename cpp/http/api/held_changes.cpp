#include "http/api/held_changes.h"

#include "base/quote.h"
#include "events/event_json.h"
#include "events/make_events.h"
#include "http/api/admin.h"

#include <charconv>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <utility>

namespace ocilot::http {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t parked_without_n = 50;
constexpr std::size_t most_parked = 500;

Json json_of(meta::HeldChange const& held) {
    auto list = Json::array();
    for (auto const& event : events::make_events(held.change)) list.push_back(events::to_json(event));
    return {{"change", held.change.id},           {"repository", held.change.repository},
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

Response parked_page(ParkedQuery const& wanted, std::vector<meta::HeldChange> held, std::string const& path,
                     Parameters own) {
    bool const more = wanted.size > 0 && held.size() > wanted.size;
    if (held.size() > wanted.size) held.resize(wanted.size);
    auto list = Json::array();
    for (auto const& each : held) list.push_back(json_of(each));
    auto response = json_response(200, {{"parked", std::move(list)}});
    if (!more) return response;
    own.emplace_back(after_change.name, std::to_string(held.back().change.id));
    own.emplace_back(page_size.name, std::to_string(wanted.size));
    response.set("Link", next_link(path, own));
    return response;
}

Json error_or_null(std::string const& text) {
    return text.empty() ? Json() : Json(text);
}

}  // namespace ocilot::http
