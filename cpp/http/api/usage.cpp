#include "http/api/admin.h"
#include "http/api/routes.h"
#include "http/core/page.h"
#include "registry/quota.h"

#include <nlohmann/json.hpp>

namespace ocilot::http {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t page_without_n = 100;
constexpr std::size_t longest_page = 1000;
constexpr std::size_t most_parts = 10'000;  ///< of an image
constexpr std::string_view path = "/api/v1/usage";

constexpr Field usage_fields[] = {{"repository", schema::repository},
                                  {"bytes", schema::count, "Of its manifests and blobs, each once."},
                                  {"blobs", schema::count},
                                  {"manifests", schema::count},
                                  {"tags", schema::count},
                                  {"quota_bytes", schema::or_null(schema::count), "`null`: no quota."},
                                  {"quota_tags", schema::or_null(schema::count), "`null`: no quota."}};
constexpr Schema usage_schema = schema::object_of("Usage", usage_fields);

constexpr std::string_view part_kinds[] = {"manifest", "blob"};
constexpr Field part_fields[] = {{"digest", schema::digest},
                                 {"kind", schema::one_of(part_kinds)},
                                 {"size", schema::count, "Bytes."},
                                 {"repositories", schema::count, "Repositories that hold it."},
                                 {"manifests", schema::count, "Manifests of this repository that name it."}};
constexpr Schema part_schema = schema::object_of("ImagePart", part_fields);

// Without parameters a list, else one repository or one image: each member says of which it is.
constexpr Field usage_answer_fields[] = {
    optional({"repositories", schema::list_of(usage_schema), "Without `repository`: all, by name."}),
    optional({"repository", schema::repository}),
    optional({"tag", schema::tag, "With `tag`."}),
    optional({"bytes", schema::count, "Of the repository, or of all parts of the image."}),
    optional({"blobs", schema::count}),
    optional({"manifests", schema::count}),
    optional({"tags", schema::count}),
    optional({"quota_bytes", schema::or_null(schema::count)}),
    optional({"quota_tags", schema::or_null(schema::count)}),
    optional({"exclusive_bytes", schema::count, "Of the repository: bytes that no other repository holds."}),
    optional({"restorable_bytes", schema::count, "Of the repository: deleted and can be restored."}),
    optional({"free_bytes", schema::count, "With `tag`: bytes that become free without the tag."}),
    optional({"parts", schema::list_of(part_schema), "With `tag`: the manifest of the tag first."})};
constexpr Schema usage_answer = schema::object_of("UsageReport", usage_answer_fields);

constexpr Field usage_of_name =
    optional({"repository", schema::repository, "One repository, with what it shares and could restore."});
constexpr Field usage_of_tag =
    optional({"tag", schema::tag, "With `repository`: the manifests and blobs of an image."});
constexpr Field usage_query[] = {usage_of_name, usage_of_tag, page_size,
                                 page_after("Last name of the previous page.")};

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
                                  {"parts", std::move(parts)}});
}

/// `GET /api/v1/usage`.
Task<Result<Response>> get_usage(Context const& context) {
    auto const repository = context.query.first(usage_of_name.name);
    auto const tag = context.query.first(usage_of_tag.name);
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

constexpr Verb usage_verbs[] = {{Method::get,
                                 Action::admin,
                                 get_usage,
                                 "List what repositories hold, or show one repository or one image.",
                                 {{page_of(usage_answer)}},
                                 {Errc::name_invalid, Errc::name_unknown, Errc::tag_invalid,
                                  Errc::manifest_unknown, Errc::pagination_invalid},
                                 Operation{.query = usage_query}}};

constexpr Endpoint usage_route_table[] = {
    row("/api/v1/usage", "usage", usage_verbs),
};

}  // namespace

RouteTable usage_routes() noexcept {
    return usage_route_table;
}

}  // namespace ocilot::http
