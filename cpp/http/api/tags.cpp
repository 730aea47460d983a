#include "http/api/admin.h"
#include "http/api/routes.h"
#include "http/api/tag_pattern.h"
#include "http/core/page.h"
#include "registry/list_tag_rows.h"

#include <charconv>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ocilot::http {

namespace {

using Json = nlohmann::ordered_json;
using meta::TagOrder;

constexpr std::size_t page_without_n = 100;
constexpr std::size_t longest_page = 1000;

constexpr Field pushed_fields[] = {
    {"at", schema::time, "When the tag was last set, also to the same manifest."},
    {"by", schema::any_text, "Empty for an anonymous caller."}};
constexpr Schema pushed_schema = schema::object_of("TagPush", pushed_fields);
constexpr Field pulled_fields[] = {
    {"at", schema::time, "When the last batch with a pull of it was recorded."}, {"count", schema::count}};
constexpr Schema pulled_schema = schema::object_of("TagPull", pulled_fields);
constexpr Schema platform_list = schema::list_of(schema::any_text);
constexpr Field tag_row_fields[] = {
    {"name", schema::tag},
    {"digest", schema::digest},
    {"media_type", schema::any_text},
    {"platforms", platform_list, "Such as `linux/arm64/v8`; empty if the image names none."},
    {"size", schema::count, "Bytes of the whole image: its manifests, configurations and layers, each once."},
    {"pushed", pushed_schema},
    {"pulled", schema::or_null(pulled_schema), "By this tag; `null`: none is recorded."}};
constexpr Schema tag_row_schema = schema::object_of("Tag", tag_row_fields);
constexpr Field tag_list_fields[] = {{"repository", schema::repository},
                                     {"tags", schema::list_of(tag_row_schema)}};
constexpr Schema tag_list = schema::object_of("TagList", tag_list_fields);

constexpr std::string_view orders[] = {"name",    "-name", "pushed", "-pushed", "pulled",
                                       "-pulled", "size",  "-size",  "semver",  "-semver"};
constexpr Field tag_order =
    optional({"sort", schema::one_of(orders),
              "Order; `-`: the greatest or newest first. Tags without a pull, or not named as a version, "
              "are last. Default `name`."});
constexpr Field tag_place = page_after("Value from the URL of the next page.");
constexpr Field tags_query[] = {tag_order, tag_pattern, page_size, tag_place};

constexpr Field history_tag{"tag", schema::tag, "Name of the tag."};
constexpr Field history_query[] = {page_size, before_id};
constexpr Field history_entry_fields[] = {
    {"id", schema::id},
    {"at", schema::time},
    {"by", schema::any_text, "Empty for an anonymous caller."},
    {"digest", schema::or_null(schema::digest), "`null`: the tag was removed."}};
constexpr Schema history_entry = schema::object_of("TagHistoryEntry", history_entry_fields);
constexpr Field history_fields[] = {{"entries", schema::list_of(history_entry), "Newest first."}};
constexpr Schema history_schema = schema::object_of("TagHistory", history_fields);

Json json_of(registry::TagDetails const& tag, meta::TagPulls const& pulls) {
    auto const& row = tag.row;
    Json pulled;
    if (pulls.of_tag) pulled = {{"at", rfc3339(pulls.of_tag->pulled_at)}, {"count", pulls.of_tag->pulls}};
    return {{"name", row.name},
            {"digest", row.digest.str()},
            {"media_type", row.media_type},
            {"platforms", tag.platforms},
            {"size", row.size},
            {"pushed", {{"at", rfc3339(row.pushed_at)}, {"by", row.pushed_by}}},
            {"pulled", std::move(pulled)}};
}

/// In the order of names a place is a name; else it is what the tag is sorted by, and the name.
std::string text_of(meta::TagPlace const& place, TagOrder order) {
    if (order == TagOrder::name) return place.name;
    return fmt::format("{}-{}", place.key, place.name);
}

Result<meta::TagPlace> place_of(std::string const& text, TagOrder order) {
    if (order == TagOrder::name) return meta::TagPlace{0, text};
    meta::TagPlace place;
    auto const end = text.data() + text.size();
    auto const [stopped, problem] = std::from_chars(text.data(), end, place.key);
    if (problem != std::errc{} || stopped == end || *stopped != '-') {
        return Error{Errc::pagination_invalid, "invalid \"last\" parameter: restart from the first page"};
    }
    place.name.assign(stopped + 1, end);
    return place;
}

Result<meta::TagQuery> tag_query(Query const& query, PageQuery const& wanted) {
    meta::TagQuery tags{.limit = wanted.page().limit};
    auto order = query.first(tag_order.name).value_or("name");
    tags.descending = order.starts_with('-');
    if (tags.descending) order.remove_prefix(1);
    if (order == "pushed") tags.order = TagOrder::pushed;
    if (order == "size") tags.order = TagOrder::size;
    if (order == "pulled") tags.order = TagOrder::pulled;
    if (order == "semver") tags.order = TagOrder::version;
    if (wanted.last) {
        TRY(tags.after, place_of(*wanted.last, tags.order));
    }
    CHECK(match_tags(query, tags));
    return tags;
}

std::vector<std::string> names_of(std::vector<registry::TagDetails> const& tags) {
    std::vector<std::string> names;
    for (auto const& tag : tags) names.push_back(tag.row.name);
    return names;
}

/// `GET /api/v1/repositories/<name>/tags?sort=&match=&n=&last=`.
Task<Result<Response>> get_tag_rows(Context const& context) {
    CO_TRY(auto const wanted, PageQuery::parse(context.query, page_without_n, longest_page));
    CO_TRY(auto query, tag_query(context.query, wanted));
    auto const order = query.order;
    auto const& name = context.name();
    CO_TRY(auto found, co_await registry::list_tag_rows(context.registry, name, std::move(query)));
    if (wanted.size == 0) found = {};
    CO_TRY(auto const pulls, co_await context.registry.meta.pulls().of_tags(name, names_of(found.items)));
    auto list = Json::array();
    for (std::size_t i = 0; i < pulls.size(); ++i) list.push_back(json_of(found.items[i], pulls[i]));
    auto response = json_response(200, {{"repository", name.str()}, {"tags", std::move(list)}});
    if (found.next) {
        Parameters next{{tag_place.name, text_of(*found.next, order)},
                        {page_size.name, std::to_string(wanted.size)}};
        for (auto const& field : {tag_order.name, tag_pattern.name}) {
            if (auto const value = context.query.first(field)) next.emplace_back(field, std::string(*value));
        }
        auto const path = fmt::format("/api/v1/repositories/{}/tags", name.str());
        response.set("Link", next_link(context.urls.local(path), next));
    }
    co_return response;
}

Json json_of(meta::HistoryEntry const& entry) {
    Json document{{"id", entry.id}, {"at", rfc3339(entry.at)}, {"by", entry.by}, {"digest", nullptr}};
    if (entry.digest) document["digest"] = entry.digest->str();
    return document;
}

/// `GET /api/v1/repositories/<name>/tags/<item>/history`.
Task<Result<Response>> get_tag_history(Context const& context) {
    CO_TRY(auto const tag, oci::Tag::parse(context.item));
    CO_TRY(auto const before, query_before(context.query));
    CO_TRY(auto const page, PageQuery::parse(context.query, page_without_n, longest_page));
    auto& catalog = context.registry.meta.catalog();
    auto const& name = context.name();
    CO_TRY(auto entries, co_await catalog.history(name, tag, before, page.size + 1));
    bool const more = page.size > 0 && entries.size() > page.size;
    entries.resize(std::min(entries.size(), page.size));
    auto list = Json::array();
    for (auto const& entry : entries) list.push_back(json_of(entry));
    auto response = json_response(200, {{"entries", std::move(list)}});
    if (more) {
        Parameters const next{{before_id.name, std::to_string(entries.back().id)},
                              {page_size.name, std::to_string(page.size)}};
        auto const path = fmt::format("/api/v1/repositories/{}/tags/{}/history", name.str(), tag.str());
        response.set("Link", next_link(context.urls.local(path), next));
    }
    co_return response;
}

using policy::Action;

constexpr Verb tag_rows_verbs[] = {
    {Method::get,
     Action::admin,
     get_tag_rows,
     "List the tags of a repository with their images. A page may have less than `n` entries, also none, and "
     "continue.",
     {{page_of(tag_list)}},
     {Errc::name_unknown, Errc::pagination_invalid},
     Operation{.query = tags_query}}};
constexpr Verb tag_history_verbs[] = {
    {Method::get,
     Action::admin,
     get_tag_history,
     "List the history of a tag, newest entry first; empty if it was never set.",
     {{page_of(history_schema)}},
     {Errc::tag_invalid, Errc::pagination_invalid},
     Operation{.item = &history_tag, .query = history_query}}};

// Before those of repositories, whose names end the path.
constexpr Endpoint repository_tag_route_table[] = {
    row("/api/v1/repositories/<name>/tags/<item>/history", "tag_history", tag_history_verbs),
    row("/api/v1/repositories/<name>/tags", "tag_rows", tag_rows_verbs),
};

}  // namespace

RouteTable repository_tag_routes() noexcept {
    return repository_tag_route_table;
}

}  // namespace ocilot::http
