#include "http/api/admin.h"
#include "http/api/routes.h"
#include "http/core/page.h"
#include "registry/actor.h"
#include "registry/list_uploads.h"

#include <charconv>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ocilot::http {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t page_without_n = 100;
constexpr std::size_t longest_page = 1000;

constexpr Schema upload_id_schema{.format = "uuid"};
constexpr Field upload_id{"upload", upload_id_schema, "Id of the upload."};
constexpr Field upload_fields[] = {{"id", upload_id_schema},
                                   {"repository", schema::repository},
                                   {"owner", schema::any_text, "Empty for an anonymous caller."},
                                   {"address", schema::any_text},
                                   {"bytes", schema::count, "Received so far."},
                                   {"started_at", schema::time},
                                   {"last_write_at", schema::time},
                                   {"receiving", schema::boolean, "Whether a request writes to it now."}};
constexpr Schema upload_schema = schema::object_of("Upload", upload_fields);
constexpr Field upload_list_fields[] = {
    {"uploads", schema::list_of(upload_schema), "The longest idle first."}};
constexpr Schema upload_list = schema::object_of("UploadList", upload_list_fields);
constexpr Field uploads_of = optional({"repository", schema::repository, "Uploads of one repository."});
constexpr Field open_uploads_query[] = {uploads_of, page_size,
                                        page_after("Value from the URL of the next page.")};

Json json_of(registry::UnfinishedUpload const& upload) {
    auto const& fact = upload.fact;
    return {{"id", fact.id.str()},
            {"repository", fact.repository.str()},
            {"owner", fact.started_by},
            {"address", fact.address},
            {"bytes", fact.offset},
            {"started_at", rfc3339(fact.started_at)},
            {"last_write_at", rfc3339(fact.last_write_at)},
            {"receiving", upload.receiving}};
}

/// Where a page ends, for whoever asks for the next: the upload may be gone by then.
std::string text_of_place(meta::UploadCursor const& place) {
    return fmt::format("{}-{}", place.last_write_at.time_since_epoch().count(), place.id.str());
}

Result<meta::UploadCursor> upload_place(std::string_view text) {
    std::int64_t at = 0;
    auto const end = text.data() + text.size();
    auto const [stopped, problem] = std::from_chars(text.data(), end, at);
    if (problem == std::errc{} && stopped != end && *stopped == '-') {
        auto const id = Uuid::parse(std::string_view(stopped + 1, end));
        if (id) return meta::UploadCursor{Time(Time::duration(at)), *id};
    }
    return Error{Errc::pagination_invalid, "invalid \"last\" parameter: restart from the first page"};
}

/// `GET /api/v1/uploads`: of one repository (`?repository=`) or of all, a page at a time.
Task<Result<Response>> get_open_uploads(Context const& context) {
    CO_TRY(auto const wanted, PageQuery::parse(context.query, page_without_n, longest_page));
    std::optional<oci::RepositoryName> repository;
    if (auto const text = context.query.first(uploads_of.name)) {
        CO_TRY(repository, oci::RepositoryName::parse(*text));
    }
    std::optional<meta::UploadCursor> place;
    if (wanted.last) {
        CO_TRY(place, upload_place(*wanted.last));
    }
    auto page = co_await registry::list_uploads(context.registry, repository, place, wanted.size + 1);
    if (page.has_error()) co_return page.error();
    bool const more = wanted.size > 0 && page->size() > wanted.size;
    if (page->size() > wanted.size)
        page->erase(page->begin() + static_cast<std::ptrdiff_t>(wanted.size), page->end());
    auto list = Json::array();
    for (auto const& upload : *page) list.push_back(json_of(upload));
    auto response = json_response(200, {{"uploads", std::move(list)}});
    if (more) {
        Parameters next{{"last", text_of_place(page->back().place)}, {"n", std::to_string(wanted.size)}};
        if (repository) next.emplace_back("repository", repository->str());
        response.set("Link", next_link(context.urls.local("/api/v1/uploads"), next));
    }
    co_return response;
}

/// `DELETE /api/v1/uploads/<item>`.
Task<Result<Response>> delete_open_upload(Context const& context) {
    auto const id = Uuid::parse(context.item);
    if (!id) {
        co_return Error{Errc::upload_unknown, "upload not found: expected the id of an unfinished upload"};
    }
    CO_TRY(auto const removed, co_await registry::remove_upload(context.registry, *id));
    std::vector<meta::Change> changes(1);
    changes[0].at = context.registry.clock.now();
    changes[0].kind = meta::ChangeKind::upload_remove;
    changes[0].by = registry::actor_of(context.caller);
    changes[0].repository = removed.repository.str();
    changes[0].name = id->str();
    changes[0].size = removed.offset;
    CO_CHECK(co_await context.registry.meta.journal().append(std::move(changes)));
    co_return Response{.status = 204};
}

using policy::Action;

constexpr Verb open_uploads_verbs[] = {{Method::get,
                                        Action::admin,
                                        get_open_uploads,
                                        "List unfinished uploads that hold bytes, the longest idle first.",
                                        {{page_of(upload_list)}},
                                        {Errc::name_invalid, Errc::pagination_invalid},
                                        Operation{.query = open_uploads_query}}};
constexpr Verb open_upload_verbs[] = {{Method::del,
                                       Action::admin,
                                       delete_open_upload,
                                       "Cancel an unfinished upload and remove its bytes.",
                                       {{{204, "Gone."}}},
                                       {Errc::upload_unknown, Errc::upload_busy},
                                       Operation{.item = &upload_id}}};

constexpr Endpoint open_upload_route_table[] = {
    row("/api/v1/uploads", "open_uploads", open_uploads_verbs),
    row("/api/v1/uploads/<item>", "open_upload", open_upload_verbs),
};

}  // namespace

RouteTable open_upload_routes() noexcept {
    return open_upload_route_table;
}

}  // namespace ocilot::http
