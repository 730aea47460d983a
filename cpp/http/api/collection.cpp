#include "base/quote.h"
#include "http/api/admin.h"
#include "http/api/routes.h"
#include "http/core/json_members.h"
#include "http/core/page.h"
#include "http/core/timestamp.h"
#include "jobs/collector.h"
#include "jobs/job_control.h"
#include "registry/actor.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ocilot::http {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view job_name = "collect-garbage";
constexpr std::size_t page_without_n = 100;
constexpr std::size_t longest_page = 1000;

Result<> check_collects(Context const& context) {
    if (context.collector != nullptr && context.jobs != nullptr) return {};
    return Error{Errc::not_found, "this registry has no garbage collection"};
}

/// `GET /api/v1/gc`.
Task<Result<Response>> get_collection(Context const& context) {
    CO_CHECK(check_collects(context));
    auto const& collector = *context.collector;
    CO_TRY(auto const job, context.jobs->job(job_name));
    CO_TRY(auto const counts, co_await context.registry.meta.collection().counts(collector.cutoffs()));
    auto const total = collector.totals();
    co_return json_response(200, {{"enabled", job.state != jobs::JobState::disabled},
                                  {"grace_seconds", collector.rules().grace.count()},
                                  {"pending_seconds", collector.rules().pending.count()},
                                  {"waiting", counts.waiting},
                                  {"due", counts.due},
                                  {"since_start",
                                   {{"kept", total.kept},
                                    {"manifests", total.manifests},
                                    {"links", total.links},
                                    {"blobs", total.blobs},
                                    {"bytes", total.bytes},
                                    {"failed", total.failed}}}});
}

/// `POST /api/v1/gc/run`: a round now; with `?now=true` one that waits for no grace.
Task<Result<Response>> post_collection_run(Context const& context) {
    CO_CHECK(check_collects(context));
    CO_TRY(auto const now, query_flag(context.query, "now"));
    if (now.value_or(false)) context.collector->free_now();
    CO_TRY(auto const asked, context.jobs->run_now(job_name));
    CO_CHECK(co_await note_job(context, meta::ChangeKind::job_run, job_name));
    co_return json_response(
        202, {{"name", job_name}, {"round", asked.number}, {"already_running", asked.already_running}});
}

Result<oci::RepositoryName> repository_of(std::optional<std::string_view> text) {
    if (!text || text->empty()) {
        return Error{Errc::bad_request, "missing repository: expected a name such as team/app"};
    }
    return oci::RepositoryName::parse(*text);
}

Json json_of(meta::HistoryEntry const& entry) {
    Json document{{"id", entry.id}, {"at", rfc3339(entry.at)}, {"by", entry.by}, {"digest", nullptr}};
    if (entry.digest) document["digest"] = entry.digest->str();
    return document;
}

/// `GET /api/v1/history?repository=&tag=`.
Task<Result<Response>> get_history(Context const& context) {
    CO_TRY(auto const repository, repository_of(context.query.first("repository")));
    CO_TRY(auto const tag, oci::Tag::parse(context.query.first("tag").value_or("")));
    CO_TRY(auto const before, query_before(context.query));
    CO_TRY(auto const page, PageQuery::parse(context.query, page_without_n, longest_page));
    auto& catalog = context.registry.meta.catalog();
    CO_TRY(auto entries, co_await catalog.history(repository, tag, before, page.size + 1));
    bool const more = page.size > 0 && entries.size() > page.size;
    entries.resize(std::min(entries.size(), page.size));
    auto list = Json::array();
    for (auto const& entry : entries) list.push_back(json_of(entry));
    auto response = json_response(200, {{"entries", std::move(list)}});
    if (more) {
        Parameters const next{{"repository", repository.str()},
                              {"tag", tag.str()},
                              {"before", std::to_string(entries.back().id)},
                              {"n", std::to_string(page.size)}};
        response.set("Link", next_link(context.urls.local("/api/v1/history"), next));
    }
    co_return response;
}

Result<meta::RestoreRequest> request_of(JsonMembers members) {
    TRY(auto const name, members.required_text("repository"));
    TRY(auto repository, oci::RepositoryName::parse(name));
    meta::RestoreRequest request{.repository = std::move(repository)};
    TRY(auto const tag, members.text("tag"));
    TRY(auto const digest, members.text("digest"));
    TRY(auto const at, members.text("at"));
    CHECK(members.reject_unknown());
    if (tag.has_value() == digest.has_value()) {
        return Error{Errc::bad_request, "invalid request: expected either a tag or a digest"};
    }
    if (tag) {
        TRY(request.tag, oci::Tag::parse(*tag));
    } else {
        TRY(request.digest, oci::Digest::parse(*digest));
    }
    if (!at) return request;
    request.at = parse_timestamp(*at);
    if (request.at && request.tag) return request;
    return Error{Errc::bad_request, fmt::format("invalid at {}: expected a time such as "
                                                "2026-11-21T17:48:55Z, with a tag",
                                                quote(*at))};
}

/// `POST /api/v1/restore`.
Task<Result<Response>> post_restore(Context const& context) {
    CO_TRY(auto members, co_await JsonMembers::of_body(context.request));
    CO_TRY(auto request, request_of(std::move(members)));
    auto const name = request.repository.str();
    CO_TRY(auto const restored,
           co_await context.registry.meta.collection().restore(
               std::move(request), registry::actor_of(context.caller), context.registry.clock.now()));
    co_return json_response(200, {{"repository", name},
                                  {"digest", restored.digest.str()},
                                  {"tags", restored.tags},
                                  {"manifests", restored.manifests},
                                  {"blobs", restored.blobs}});
}

using policy::Action;

constexpr Verb collection_verbs[] = {
    {Method::get,
     Action::admin,
     get_collection,
     "Get the state of the garbage collection: its settings, its queue and what it has removed.",
     {{{200, "The state; counts of what was removed are those since the start."}}},
     {}}};
constexpr Verb run_verbs[] = {
    {Method::post,
     Action::admin,
     post_collection_run,
     "Start a round of the garbage collection; `?now=true` ends the grace period of everything released.",
     {{{202, "A round runs; `rounds` of the job `collect-garbage` reaches `round` when it has ended."}}},
     {}}};
constexpr Verb history_verbs[] = {
    {Method::get,
     Action::admin,
     get_history,
     "List the history of a tag, newest entry first: `?repository=` and `?tag=`, `?n=` a page, `?before=` "
     "the id of an entry.",
     {{list_page}},
     {Errc::tag_invalid, Errc::pagination_invalid}}};
constexpr Verb restore_verbs[] = {
    {Method::post,
     Action::admin,
     post_restore,
     "Restore a deleted or moved tag (`repository`, `tag`, optional `at`), or a deleted manifest or blob "
     "(`repository`, `digest`), while its grace period lasts.",
     {{{200, "What was restored: the digest, tags that were set, and how many manifests and blobs."}}},
     {Errc::tag_invalid, Errc::digest_invalid, Errc::manifest_unknown, Errc::body_too_large}}};

constexpr Endpoint collection_route_table[] = {
    row("/api/v1/gc", "gc", collection_verbs),
    row("/api/v1/gc/run", "gc_run", run_verbs),
    row("/api/v1/history", "history", history_verbs),
    row("/api/v1/restore", "restore", restore_verbs),
};

}  // namespace

RouteTable collection_routes() noexcept {
    return collection_route_table;
}

}  // namespace ocilot::http
