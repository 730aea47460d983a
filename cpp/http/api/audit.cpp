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

constexpr Field since_time =
    optional({"since", schema::any_text, "A time or a day: `2026-11-21T17:48:55+01:00` or `2026-11-21`."});
constexpr Field until_time = optional({"until", schema::any_text, "A time or a day, which is not included."});
constexpr Field by_caller = optional({"by", schema::any_text, "Name of the caller."});
constexpr Field in_repository = optional({"repository", schema::any_text, "Exact name."});
constexpr Field of_action =
    optional({"action", schema::any_text,
              "Exact name, or a prefix that ends in a point: `account.`. Missing: all but `manifest.pull`."});
constexpr Field only_refused =
    optional({"refused", schema::boolean, "`true`: only refusals, `false`: only changes."});

/// What narrows the list; a link to the next page repeats it.
constexpr Field conditions[] = {since_time, until_time, by_caller, in_repository, of_action, only_refused};
constexpr Field audit_query[] = {since_time, until_time,   by_caller, in_repository,
                                 of_action,  only_refused, page_size, before_id};

constexpr Field actor_fields[] = {
    {"name", schema::any_text, "Empty for an anonymous caller."},
    {"kind", schema::any_text},
    {"address", schema::any_text},
    optional({"groups", schema::list_of(schema::any_text), "Of the caller; at most 32, and 1 KiB."}),
    optional({"token_id", schema::any_text, "Id of the access token that was shown."})};
constexpr Schema actor_schema = schema::object_of("Actor", actor_fields);
constexpr Field changed_tag_fields[] = {
    {"name", schema::any_text}, optional({"previous", schema::digest, "The digest that it pointed to."})};
constexpr Schema changed_tag = schema::object_of("ChangedTag", changed_tag_fields);
constexpr Field request_fields[] = {
    {"id", schema::any_text, "`X-Request-Id` of the request, as in the access log."},
    optional({"method", schema::any_text}),
    optional({"scheme", schema::any_text}),
    optional({"host", schema::any_text, "As the client sees the registry."}),
    optional({"path", schema::any_text, "Without the query."}),
    optional({"user_agent", schema::any_text})};
constexpr Schema request_schema = schema::object_of("RequestReference", request_fields);

constexpr Field entry_fields[] = {
    {"id", schema::id},
    {"at", schema::time},
    {"action", schema::any_text},
    {"refused", schema::boolean},
    {"by", actor_schema},
    {"repository", schema::any_text, "Empty if it is about none."},
    {"subject", schema::any_text, "Digest, tag, account, job or other name, by action."},
    {"detail", schema::any_text, "A readable text, whose words may change."},
    {"times", schema::count, "Number of equal refusals within one second; number of pulls."},
    optional({"request", request_schema}),
    optional({"digest", schema::digest, "Of the manifest or blob; of a moved tag, its new target."}),
    optional({"tags", schema::list_of(changed_tag), "Tags that were set, removed or pulled; at most 100."}),
    optional({"tags_total", schema::count, "Number of these tags."}),
    optional({"from", schema::any_text, "Of a moved tag: the digest it pointed to; empty for none."}),
    optional({"to", schema::digest, "Of a moved tag: the digest it points to."}),
    optional({"media_type", schema::any_text}),
    optional({"artifact_type", schema::any_text}),
    optional({"size", schema::count, "Bytes."}),
    optional({"manifest_subject", schema::digest, "Subject of a pushed manifest."}),
    optional({"mounted_from", schema::any_text, "Repository that a blob was mounted from."})};
constexpr Schema audit_entry = schema::object_of("AuditEntry", entry_fields);
constexpr Field audit_list_fields[] = {{"entries", schema::list_of(audit_entry), "Newest first."}};
constexpr Schema audit_list = schema::object_of("AuditEntryList", audit_list_fields);

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

Json actor_json(meta::Actor const& by) {
    Json actor{{"name", by.name}, {"kind", by.kind}, {"address", by.address}};
    if (!by.groups.empty()) actor["groups"] = by.groups;
    add_text(actor, "token_id", by.token);
    return actor;
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
               {"by", actor_json(by)},
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

Result<std::optional<Time>> timestamp(Query const& query, Field const& field) {
    auto const text = query.first(field.name);
    if (!text) return std::optional<Time>();
    if (auto const time = parse_timestamp(*text)) return std::optional(*time);
    return Error{Errc::bad_request,
                 fmt::format("invalid time {} for {}: expected 2026-11-21T17:48:55Z or 2026-11-21",
                             quote(*text), field.name)};
}

std::string text_of(Query const& query, Field const& field) {
    return std::string(query.first(field.name).value_or(std::string_view{}));
}

/// An action as the log knows it, a group of them such as `account.`, or empty for all.
Result<std::string> action_of(Query const& query) {
    auto text = text_of(query, of_action);
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
    TRY(wanted.since, timestamp(query, since_time));
    TRY(wanted.until, timestamp(query, until_time));
    wanted.by = text_of(query, by_caller);
    wanted.repository = text_of(query, in_repository);
    TRY(wanted.action, action_of(query));
    TRY(wanted.refused, query_flag(query, only_refused));
    TRY(auto const page, PageQuery::parse(query, page_without_n, longest_page));
    wanted.limit = page.size;
    return wanted;
}

/// `GET /api/v1/audit`: changes and refusals, youngest first, a page at a time.
Task<Result<Response>> get_audit(Context const& context) {
    CO_TRY(auto wanted, read_query(context.query));
    auto const size = wanted.limit;
    CO_TRY(auto const found, co_await context.registry.meta.journal().entries(std::move(wanted)));
    auto list = Json::array();
    for (auto const& change : found.items) list.push_back(json_of(change));
    auto response = json_response(200, {{"entries", std::move(list)}});
    if (found.more && !found.items.empty()) {
        Parameters next{{"before", std::to_string(found.items.back().id)}, {"n", std::to_string(size)}};
        for (auto const& field : conditions) {
            if (auto const value = context.query.first(field.name))
                next.emplace_back(field.name, std::string(*value));
        }
        response.set("Link", next_link(context.urls.local("/api/v1/audit"), next));
    }
    co_return response;
}

using policy::Action;

constexpr Verb audit_verbs[] = {{Method::get,
                                 Action::admin,
                                 get_audit,
                                 "List changes and refusals, newest first.",
                                 {{page_of(audit_list)}},
                                 {Errc::pagination_invalid},
                                 Operation{.query = audit_query}}};

constexpr Endpoint audit_route_table[] = {
    row("/api/v1/audit", "audit", audit_verbs),
};

}  // namespace

RouteTable audit_routes() noexcept {
    return audit_route_table;
}

}  // namespace ocilot::http
