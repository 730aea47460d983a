#include "auth/hook_call_budget.h"
#include "base/quote.h"
#include "http/api/admin.h"
#include "http/api/routes.h"
#include "http/api/tag_pattern.h"
#include "http/core/page.h"
#include "oci/repository_pattern.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <utility>

namespace ocilot::http {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t page_without_n = 100;
constexpr std::size_t longest_page = 1000;
/// Of repositories that are looked at for a page, however short it is: as for the catalog, the time hardly
/// tells of those that the caller may not see.
constexpr std::size_t least_looked_at = 100;
/// Names of repositories that are compared with a pattern for a page, and names of tags.
constexpr std::size_t most_compared = 1000;
constexpr std::size_t most_tags_compared = 20'000;

constexpr Field tag_fields[] = {
    {"repository", schema::repository},
    {"name", schema::tag},
    {"digest", schema::digest},
    {"media_type", schema::any_text},
    {"size", schema::count, "Bytes of the whole image: its manifests, configurations and layers, each once."},
    {"pushed_at", schema::time, "When the tag was last set, also to the same manifest."}};
constexpr Schema tag_schema = schema::object_of("RepositoryTag", tag_fields);
constexpr Field tag_list_fields[] = {{"tags", schema::list_of(tag_schema), "By repository, then by name."}};
constexpr Schema tag_list = schema::object_of("RepositoryTagList", tag_list_fields);

constexpr Field repository_pattern =
    optional({"repositories", schema::any_text, "Pattern of the repositories: `team/**`, `*/app`."});
constexpr Field tag_place = page_after("Value from the URL of the next page.");
constexpr Field tags_query[] = {repository_pattern, tag_pattern, page_size, tag_place};

/// Where a page starts: after a tag of a repository, or after all of them.
struct Place {
    std::string repository = {};
    std::string tag = {};
};

/// What a client asks for.
struct Wanted {
    std::optional<oci::RepositoryPattern> repositories = {};
    std::string prefix = {};  ///< what the names of these repositories begin with
    meta::TagQuery tags = {};
    std::size_t size = 0;
    Place from = {};
};

/// A page of tags; it may be short, or empty, and continue.
struct TagPage {
    Json rows = Json::array();
    Place next = {};
    bool may_be_told = true;  ///< whether the caller may see the repository of `next`
    bool more = false;
    std::size_t looked_at = 0;  ///< repositories
    std::size_t compared = 0;   ///< tags
};

std::string text_of(Place const& place) {
    return place.tag.empty() ? place.repository : fmt::format("{}:{}", place.repository, place.tag);
}

/// A place that is sealed is in a repository that the client may not see.
Result<Place> place_of(Context const& context, std::string text) {
    if (auth::Sealer::is_sealed(text)) {
        auto opened = context.sealer.open(text);
        if (!opened) {
            return Error{Errc::pagination_invalid, "invalid \"last\" parameter: restart from the first page"};
        }
        text = *std::move(opened);
    }
    auto const colon = std::min(text.find(':'), text.size());
    return Place{text.substr(0, colon), text.substr(std::min(colon + 1, text.size()))};
}

/// What all names that match begin with. `team/**` is also `team`.
std::string literal_prefix(std::string_view pattern) {
    auto prefix = pattern.substr(0, pattern.find('*'));
    if (prefix.ends_with('/')) prefix.remove_suffix(1);
    return std::string(prefix);
}

Result<Wanted> wanted_of(Context const& context) {
    Wanted wanted;
    TRY(auto page, PageQuery::parse(context.query, page_without_n, longest_page));
    wanted.size = page.size;
    CHECK(match_tags(context.query, wanted.tags));
    if (page.last) {
        TRY(wanted.from, place_of(context, *std::move(page.last)));
    }
    auto const text = context.query.first(repository_pattern.name);
    if (!text) return wanted;
    auto pattern = oci::RepositoryPattern::parse(*text);
    if (pattern.has_error()) {
        return Error{Errc::bad_request, fmt::format("invalid parameter {} {}: expected a pattern such as "
                                                    "team/app, mirror/* or **",
                                                    repository_pattern.name, quote(*text))};
    }
    wanted.prefix = literal_prefix(*text);
    wanted.repositories = *std::move(pattern);
    return wanted;
}

/// Where names that begin with the prefix start: no name is between this and the first of them.
std::string before(std::string prefix) {
    constexpr char last_character = '\x7f';
    if (prefix.empty()) return prefix;
    --prefix.back();
    return prefix + last_character;
}

/// The repositories to look at, in order: first the one in which the page starts.
Task<Result<meta::Slice<std::string>>> names_of(Context const& context, Wanted const& wanted) {
    meta::Page page{.after = std::max(wanted.from.repository, before(wanted.prefix)),
                    .limit = wanted.repositories ? most_compared : std::max(wanted.size, least_looked_at)};
    CO_TRY(auto found,
           co_await registry::list_repositories(context.registry, context.caller, std::move(page)));
    if (!wanted.from.tag.empty()) found.items.insert(found.items.begin(), wanted.from.repository);
    co_return found;
}

/// Adds the tags of a repository that the caller may see, as many as fit.
Task<Result<>> add_tags(Context const& context, oci::RepositoryName const& repository, Wanted const& wanted,
                        TagPage& page) {
    auto query = wanted.tags;
    if (repository.str() == wanted.from.repository) query.after = meta::TagPlace{0, wanted.from.tag};
    query.limit = wanted.size - page.rows.size();
    query.most_looked_at = most_tags_compared - page.compared;
    auto found = co_await context.registry.meta.catalog().admin().tags(repository, std::move(query));
    // Deleted meanwhile.
    if (found.has_error() && found.error().code == Errc::name_unknown) co_return Result<>();
    if (found.has_error()) co_return std::move(found).error();
    page.compared = std::min(page.compared + found->looked_at, most_tags_compared);
    for (auto const& row : found->items) {
        page.rows.push_back({{"repository", repository.str()},
                             {"name", row.name},
                             {"digest", row.digest.str()},
                             {"media_type", row.media_type},
                             {"size", row.size},
                             {"pushed_at", rfc3339(row.pushed_at)}});
    }
    if (found->next) page.next.tag = std::move(found->next->name);
    co_return Result<>();
}

bool is_full(TagPage const& page, Wanted const& wanted) noexcept {
    return page.rows.size() >= wanted.size || page.compared >= most_tags_compared ||
           page.looked_at >= std::max(wanted.size, least_looked_at);
}

/// Looks at repositories until the page is full, or enough of them were looked at.
Task<Result<TagPage>> page_of_tags(Context const& context, Wanted wanted) {
    CO_TRY(auto const names, co_await names_of(context, wanted));
    TagPage page{.next = wanted.from, .may_be_told = !context.guard.asks(), .more = names.more};
    auth::HookCallBudget hook_calls(context.guard, context.request.client);
    for (auto const& text : names.items) {
        if (!text.starts_with(wanted.prefix)) {
            page.more = false;
            break;
        }
        if (is_full(page, wanted)) {
            page.more = true;
            break;
        }
        CO_TRY(auto const name, oci::RepositoryName::parse(text));
        if (wanted.repositories && !wanted.repositories->matches(name)) {
            page.next = {text, {}};
            page.may_be_told = !context.guard.asks();
            continue;
        }
        ++page.looked_at;
        policy::Access access{name, policy::Action::pull};
        // Unlike a name in the catalog, a tag is for a token only that is good for its repository.
        CO_TRY(auto const may, co_await hook_calls.may(context.caller, std::move(access)));
        page.more = page.more || !may;
        if (!may) break;
        page.next = {text, {}};
        page.may_be_told = *may;
        if (*may) {
            CO_CHECK(co_await add_tags(context, name, wanted, page));
        }
        page.more = page.more || !page.next.tag.empty();
        if (!page.next.tag.empty()) break;
    }
    co_return page;
}

/// `GET /api/v1/tags?repositories=&match=&n=&last=`: tags of all repositories that the caller may pull.
Task<Result<Response>> get_all_tags(Context const& context) {
    CO_TRY(auto wanted, wanted_of(context));
    auto const size = wanted.size;
    TagPage found;
    if (size > 0) {
        CO_TRY(found, co_await page_of_tags(context, std::move(wanted)));
    }
    auto response = json_response(200, {{"tags", std::move(found.rows)}});
    if (!found.more) co_return response;
    auto const last = text_of(found.next);
    Parameters next{{tag_place.name, found.may_be_told ? last : context.sealer.seal(last)},
                    {page_size.name, std::to_string(size)}};
    for (auto const& field : {repository_pattern.name, tag_pattern.name}) {
        if (auto const value = context.query.first(field)) next.emplace_back(field, std::string(*value));
    }
    response.set("Link", next_link(context.urls.local("/api/v1/tags"), next));
    co_return response;
}

using policy::Action;

constexpr Verb all_tags_verbs[] = {
    {Method::get,
     Action::pull,
     get_all_tags,
     "List the tags of all repositories that the caller may pull, by repository and name. A page may have "
     "less than `n` entries, also none, and continue.",
     {{page_of(tag_list)}},
     {Errc::pagination_invalid},
     Operation{.query = tags_query},
     ChallengeScope::catalog}};

constexpr Endpoint all_tags_route_table[] = {
    row("/api/v1/tags", "all_tags", all_tags_verbs),
};

}  // namespace

RouteTable all_tags_routes() noexcept {
    return all_tags_route_table;
}

}  // namespace ocilot::http
