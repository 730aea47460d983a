#include "base/quote.h"
#include "http/api/admin.h"
#include "http/api/routes.h"
#include "http/core/page.h"
#include "http/core/timestamp.h"
#include "registry/change_text.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ocilot::http {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t page_without_n = 100;
constexpr std::size_t longest_page = 1000;
/// What narrows the list; a link to the next page repeats it.
constexpr std::string_view conditions[] = {"since", "until", "by", "repository", "action", "refused"};

/// Tags that one entry names; the API says how many there were.
constexpr std::size_t max_tags = 100;

void add_text(Json& object, std::string_view member, std::string_view value) {
    if (!value.empty()) object[member] = value;
}

void add_tags(Json& object, meta::ChangeDetails const& details) {
    if (details.tags.empty()) return;
    auto list = Json::array();
    for (auto const& tag : details.tags) {
        if (list.size() == max_tags) break;
        Json one{{"name", tag.name}};
        add_text(one, "previous", tag.previous);
        list.push_back(std::move(one));
    }
    object["tags"] = std::move(list);
    object["tags_total"] = details.tags.size() + details.more_tags;
}

Json request_json(meta::Actor const& by) {
    auto request = Json::object();
    add_text(request, "id", by.request);
    if (by.http == nullptr) return request;
    add_text(request, "method", by.http->method());
    add_text(request, "scheme", by.http->scheme());
    add_text(request, "host", by.http->host());
    add_text(request, "path", by.http->path());
    add_text(request, "user_agent", by.http->user_agent());
    return request;
}

/// What all entries have, in words where people read it, then as data what this one has.
Json json_of(meta::Change const& change) {
    auto const& by = change.by;
    auto const& details = change.details;
    Json entry{{"id", change.id},
               {"at", rfc3339(change.at)},
               {"action", to_string(change.kind)},
               {"refused", change.refused},
               {"by", {{"name", by.name}, {"kind", by.kind}, {"address", by.address}}},
               {"repository", change.repository},
               {"subject", registry::subject_of(change)},
               {"detail", registry::detail_of(change)},
               {"times", change.times}};
    if (auto request = request_json(by); !request.empty()) entry["request"] = std::move(request);
    add_text(entry, "digest", change.digest);
    add_tags(entry, details);
    bool const moves =
        change.kind == meta::ChangeKind::tag_move || change.kind == meta::ChangeKind::tag_restore;
    if (moves && !details.tags.empty()) {
        entry["from"] = details.tags.front().previous;
        entry["to"] = change.digest;
    }
    add_text(entry, "media_type", change.media_type);
    add_text(entry, "artifact_type", details.artifact_type);
    if (change.size) entry["size"] = *change.size;
    add_text(entry, "manifest_subject", details.subject);
    add_text(entry, "mounted_from", details.source);
    return entry;
}

Result<std::optional<Time>> timestamp(Query const& query, std::string_view name) {
    auto const text = query.first(name);
    if (!text) return std::optional<Time>();
    if (auto const time = parse_timestamp(*text)) return std::optional(*time);
    return Error{Errc::bad_request,
                 fmt::format("invalid time {} for {}: expected 2026-11-21T17:48:55Z or 2026-11-21",
                             quote(*text), name)};
}

std::string text_of(Query const& query, std::string_view name) {
    return std::string(query.first(name).value_or(std::string_view{}));
}

/// An action as the log knows it, a group of them such as `account.`, or empty for all.
Result<std::string> action_of(Query const& query) {
    auto text = text_of(query, "action");
    if (text.empty()) return text;
    std::string known;
    for (int kind = 1; kind <= static_cast<int>(meta::ChangeKind::limit); ++kind) {
        auto const word = to_string(static_cast<meta::ChangeKind>(kind));
        if (word == text || (text.ends_with('.') && word.starts_with(text))) return text;
        if (kind > 1) known += ", ";
        known += word;
    }
    return Error{Errc::bad_request, fmt::format("unknown action {}: expected one of {}", quote(text), known)};
}

Result<meta::JournalQuery> read_query(Query const& query) {
    meta::JournalQuery wanted;
    TRY(wanted.before, query_before(query));
    TRY(wanted.since, timestamp(query, "since"));
    TRY(wanted.until, timestamp(query, "until"));
    wanted.by = text_of(query, "by");
    wanted.repository = text_of(query, "repository");
    TRY(wanted.action, action_of(query));
    TRY(wanted.refused, query_flag(query, "refused"));
    TRY(auto const page, PageQuery::parse(query, page_without_n, longest_page));
    wanted.limit = page.size;
    return wanted;
}

/// `GET /api/v1/audit`: changes and refusals, youngest first, a page at a time.
Task<Result<Response>> get_audit(Context const& context) {
    CO_TRY(auto wanted, read_query(context.query));
    auto const size = wanted.limit;
    wanted.limit = size + 1;  // One more shows whether there is another page.
    CO_TRY(auto found, co_await context.registry.meta.journal().entries(std::move(wanted)));
    bool const more = size > 0 && found.size() > size;
    found.resize(std::min(found.size(), size));
    auto list = Json::array();
    for (auto const& change : found) list.push_back(json_of(change));
    auto response = json_response(200, {{"entries", std::move(list)}});
    if (more) {
        Parameters next{{"before", std::to_string(found.back().id)}, {"n", std::to_string(size)}};
        for (auto const name : conditions) {
            if (auto const value = context.query.first(name)) next.emplace_back(name, std::string(*value));
        }
        response.set("Link", next_link(context.urls.local("/api/v1/audit"), next));
    }
    co_return response;
}

using policy::Action;

constexpr Verb audit_verbs[] = {
    {Method::get,
     Action::admin,
     get_audit,
     "List changes and refusals, newest first; `?since=`, `?until=`, `?by=`, `?repository=`, `?action=` (a "
     "final point makes it a prefix), `?refused=`; `?n=` page size, `?before=` last id of the previous page.",
     {{list_page}},
     {Errc::pagination_invalid}}};

constexpr Endpoint audit_route_table[] = {
    row("/api/v1/audit", "audit", audit_verbs),
};

}  // namespace

RouteTable audit_routes() noexcept {
    return audit_route_table;
}

}  // namespace ocilot::http
