#include "base/quote.h"
#include "http/api/admin.h"
#include "http/api/caller_usage.h"
#include "http/api/routes.h"
#include "http/core/page.h"
#include "registry/quota.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ocilot::http {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t page_without_n = 100;
constexpr std::size_t longest_page = 1000;
constexpr std::size_t most_parts = 10'000;  ///< of an image
constexpr std::string_view path = "/api/v1/usage";

Json json_of(std::optional<std::uint64_t> limit) {
    return limit ? Json(*limit) : Json();
}

Json json_of(Context const& context, oci::RepositoryName const& repository, meta::Usage const& usage) {
    auto const limits = registry::limits_of(context.registry.rules.quotas, repository);
    return {
        {"repository", repository.str()},    {"bytes", usage.bytes}, {"blobs", usage.blobs},
        {"manifests", usage.manifests},      {"tags", usage.tags},   {"quota_bytes", json_of(limits.bytes)},
        {"quota_tags", json_of(limits.tags)}};
}

Json json_of(meta::ImagePart const& part) {
    return {{"digest", part.digest.str()},
            {"kind", part.kind == meta::ContentKind::manifest ? "manifest" : "blob"},
            {"size", part.size},
            {"repositories", part.repositories},
            {"manifests", part.manifests}};
}

Json json_of(std::optional<meta::PullRecord> const& record) {
    if (!record) return nullptr;
    return {{"last_at", rfc3339(record->pulled_at)}, {"count", record->pulls}};
}

/// `GET /api/v1/usage`: all repositories.
Task<Result<Response>> usage_of_all(Context const& context) {
    CO_TRY(auto const page, PageQuery::parse(context.query, page_without_n, longest_page));
    auto& report = context.registry.meta.collection().report();
    CO_TRY(auto const found, co_await report.usages(page.page()));
    auto list = Json::array();
    for (auto const& each : found.items) {
        if (page.size == 0) break;
        CO_TRY(auto const name, oci::RepositoryName::parse(each.repository));
        list.push_back(json_of(context, name, each.usage));
    }
    auto response = json_response(200, {{"repositories", std::move(list)}});
    if (found.more && page.size > 0) {
        Parameters const next{{"n", std::to_string(page.size)}, {"last", found.items.back().repository}};
        response.set("Link", next_link(context.urls.local(path), next));
    }
    co_return response;
}

/// `GET /api/v1/usage?repository=`.
Task<Result<Response>> usage_of_repository(Context const& context, oci::RepositoryName repository) {
    auto& report = context.registry.meta.collection().report();
    CO_TRY(auto const details, co_await report.details(repository));
    auto document = json_of(context, repository, details.usage);
    document["exclusive_bytes"] = details.exclusive;
    document["restorable_bytes"] = details.restorable;
    co_return json_response(200, document);
}

/// `GET /api/v1/usage?repository=&tag=`.
Task<Result<Response>> usage_of_image(Context const& context, oci::RepositoryName repository, oci::Tag tag) {
    auto& report = context.registry.meta.collection().report();
    CO_TRY(auto const image, co_await report.image(repository, tag, most_parts));
    std::vector<std::string> tags{tag.str()};
    CO_TRY(auto const pulls, co_await context.registry.meta.pulls().of_tags(repository, std::move(tags)));
    auto parts = Json::array();
    std::uint64_t bytes = 0;
    for (auto const& part : image.parts) {
        parts.push_back(json_of(part));
        bytes += part.size;
    }
    co_return json_response(200, {{"repository", repository.str()},
                                  {"tag", tag.str()},
                                  {"bytes", bytes},
                                  {"free_bytes", image.frees},
                                  {"tag_pulls", json_of(pulls.front().of_tag)},
                                  {"manifest_pulls", json_of(pulls.front().of_manifest)},
                                  {"parts", std::move(parts)}});
}

/// Whose usage is asked for.
Result<bool> is_by_caller(Query const& query) {
    auto const by = query.first("by").value_or("repository");
    if (by == "repository") return false;
    if (by != "caller") {
        return Error{Errc::bad_request,
                     fmt::format("unknown holder {}: expected repository or caller", quote(by))};
    }
    if (!query.first("repository") && !query.first("tag")) return true;
    return Error{Errc::bad_request, "by=caller cannot be combined with repository or tag"};
}

/// `GET /api/v1/usage`.
Task<Result<Response>> get_usage(Context const& context) {
    CO_TRY(bool const by_caller, is_by_caller(context.query));
    if (by_caller) co_return co_await usage_of_callers(context);
    auto const repository = context.query.first("repository");
    auto const tag = context.query.first("tag");
    if (!repository) {
        if (tag) co_return Error{Errc::bad_request, "missing repository: expected the one of the tag"};
        co_return co_await usage_of_all(context);
    }
    CO_TRY(auto const name, oci::RepositoryName::parse(*repository));
    if (!tag) co_return co_await usage_of_repository(context, name);
    CO_TRY(auto const parsed, oci::Tag::parse(*tag));
    co_return co_await usage_of_image(context, name, parsed);
}

using policy::Action;

constexpr Verb usage_verbs[] = {
    {Method::get,
     Action::admin,
     get_usage,
     "List what repositories hold; with `?repository=` what one holds, shares and could restore; with "
     "`&tag=` the manifests and blobs of an image and the bytes that become free without the tag; with "
     "`?by=caller` what callers are charged for in all repositories.",
     {{list_page}},
     {Errc::name_invalid, Errc::name_unknown, Errc::tag_invalid, Errc::manifest_unknown,
      Errc::pagination_invalid}}};

constexpr Endpoint usage_route_table[] = {
    row("/api/v1/usage", "usage", usage_verbs),
};

}  // namespace

RouteTable usage_routes() noexcept {
    return usage_route_table;
}

}  // namespace ocilot::http
