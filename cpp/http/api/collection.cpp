#include "base/quote.h"
#include "http/api/admin.h"
#include "http/api/routes.h"
#include "http/core/json_members.h"
#include "http/core/page.h"
#include "http/core/timestamp.h"
#include "jobs/collector.h"
#include "jobs/job_control.h"
#include "registry/actor.h"
#include "registry/sessions.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ocilot::http {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view job_name = "collect-garbage";
constexpr std::size_t page_without_n = 100;
constexpr std::size_t longest_page = 1000;

constexpr std::string_view content_kinds[] = {"manifest", "blob", "bytes"};
constexpr std::string_view holders[] = {
    "tag", "in_use", "manifest", "subject", "removed_manifest", "removed_subject", "nothing"};

constexpr Field collected_fields[] = {
    {"kept", schema::count, "Objects that were reviewed and are needed."},
    {"manifests", schema::count, "Removed manifests."},
    {"links", schema::count, "Removed blobs of repositories."},
    {"blobs", schema::count, "Blobs whose bytes were removed."},
    {"bytes", schema::count, "Freed bytes, as measured."},
    {"missing", schema::count, "Blobs whose bytes were not there."},
    {"failed", schema::count, "Blobs that could not be removed; a later round tries again."}};
constexpr Schema collected = schema::object_of("Collected", collected_fields);
constexpr Field collection_fields[] = {
    {"enabled", schema::boolean, "Whether rounds run by themselves."},
    {"grace_seconds", schema::count},
    {"pending_seconds", schema::count},
    {"waiting", schema::count, "Objects to be reviewed before the end of their grace period."},
    {"due", schema::count, "Objects whose grace period is over."},
    {"since_start", collected}};
constexpr Schema collection_schema = schema::object_of("GarbageCollection", collection_fields);

constexpr Field removal_fields[] = {
    {"repository", schema::or_null(schema::repository), "`null` for bytes that no repository holds."},
    {"digest", schema::digest},
    {"kind", schema::one_of(content_kinds)},
    {"size", schema::or_null(schema::count), "Bytes; `null` if only the store knows."}};
constexpr Schema removal_schema = schema::object_of("PlannedRemoval", removal_fields);
constexpr Field collection_plan_fields[] = {
    {"removals", schema::list_of(removal_schema)},
    {"bytes", schema::count, "Bytes that become free."},
    {"more", schema::boolean, "Whether there are more than `n` removals."}};
constexpr Schema collection_plan = schema::object_of("CollectionPlan", collection_plan_fields);

constexpr Field holding_fields[] = {
    {"repository", schema::repository},
    {"kind", schema::one_of(content_kinds)},
    {"held_by", schema::one_of(holders)},
    {"holder", schema::or_null(schema::any_text), "The tag, or the digest of the manifest."},
    {"deleted_at", schema::or_null(schema::time), "It was deleted and can be restored."},
    {"released_at", schema::or_null(schema::time), "Since when nothing holds it."},
    {"due_at", schema::or_null(schema::time), "When it is removed."}};
constexpr Schema holding_schema = schema::object_of("Holding", holding_fields);
constexpr Field reasons_fields[] = {
    {"digest", schema::digest},
    {"size", schema::or_null(schema::count), "Bytes; `null` if nothing is stored."},
    {"repositories", schema::list_of(holding_schema)}};
constexpr Schema reasons_schema = schema::object_of("ContentReasons", reasons_fields);

constexpr Field purge_fields[] = {{"repository", schema::repository},
                                  {"digest", schema::digest, "Of a manifest that was deleted or untagged."}};
constexpr Schema purge_body = schema::body_of("Purge", purge_fields);

constexpr Field restore_fields[] = {
    {"repository", schema::repository},
    optional({"tag", schema::tag, "Exactly one of `tag` and `digest`."}),
    optional({"digest", schema::digest, "Of a manifest or a blob."}),
    optional({"at", schema::any_text,
              "With `tag`, a time: what the tag was then. Missing: what it was "
              "before its last change."})};
constexpr Schema restore_body = schema::body_of("Restore", restore_fields);
constexpr Schema tag_names = schema::list_of(schema::tag);
constexpr Field restored_fields[] = {
    {"repository", schema::repository},
    {"digest", schema::digest},
    {"tags", tag_names, "Tags that were set."},
    {"manifests", schema::count, "Manifests that were restored, with its referrers."},
    {"blobs", schema::count, "Blobs that were restored."}};
constexpr Schema restored_schema = schema::object_of("Restored", restored_fields);

constexpr Field planned_now =
    optional({"now", schema::boolean, "`true`: as if all grace periods were over."});
constexpr Field plan_query[] = {planned_now, optional({"n", schema::count, "Most removals."})};
constexpr Field freed_now = optional(
    {"now", schema::boolean, "`true`: end the grace period of everything released; it cannot be restored."});
constexpr Field run_query[] = {freed_now};
constexpr Field why_digest{"digest", schema::digest, "Of a manifest or a blob."};
constexpr Field why_query[] = {why_digest, optional({"n", schema::count, "Most repositories of each kind."})};

Result<> check_collects(Context const& context) {
    if (context.collector != nullptr && context.jobs != nullptr) return {};
    return Error{Errc::not_found, "this registry has no garbage collection"};
}

/// `GET /api/v1/gc`.
Task<Result<Response>> get_collection(Context const& context) {
    CO_CHECK(check_collects(context));
    auto const& collector = *context.collector;
    CO_TRY(auto const job, context.jobs->job(job_name));
    CO_TRY(auto const counts,
           co_await context.registry.meta.collection().report().counts(collector.cutoffs()));
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
                                    {"missing", total.missing},
                                    {"failed", total.failed}}}});
}

std::string_view name_of(meta::ContentKind kind) noexcept {
    switch (kind) {
        case meta::ContentKind::manifest:
            return "manifest";
        case meta::ContentKind::blob:
            return "blob";
        case meta::ContentKind::bytes:
            break;
    }
    return "bytes";
}

Json json_of(meta::PlannedRemoval const& removal) {
    Json document{{"repository", nullptr},
                  {"digest", removal.digest.str()},
                  {"kind", name_of(removal.kind)},
                  {"size", nullptr}};
    if (!removal.repository.empty()) document["repository"] = removal.repository;
    if (removal.size) document["size"] = *removal.size;
    return document;
}

/// `GET /api/v1/gc/plan`: what a round would remove; with `?now=true` one that waits for no grace.
Task<Result<Response>> get_collection_plan(Context const& context) {
    CO_CHECK(check_collects(context));
    CO_TRY(auto const now, query_flag(context.query, planned_now));
    CO_TRY(auto const page, PageQuery::parse(context.query, page_without_n, longest_page));
    CO_TRY(auto const plan, co_await context.collector->plan(now.value_or(false), page.size));
    auto removals = Json::array();
    std::uint64_t bytes = 0;
    for (auto const& removal : plan.removals) {
        removals.push_back(json_of(removal));
        if (removal.kind == meta::ContentKind::bytes) bytes += removal.size.value_or(0);
    }
    co_return json_response(200, {{"removals", std::move(removals)}, {"bytes", bytes}, {"more", plan.more}});
}

std::string_view name_of(meta::HeldBy reason) noexcept {
    switch (reason) {
        case meta::HeldBy::tag:
            return "tag";
        case meta::HeldBy::list:
            return "in_use";
        case meta::HeldBy::manifest:
            return "manifest";
        case meta::HeldBy::subject:
            return "subject";
        case meta::HeldBy::removed_manifest:
            return "removed_manifest";
        case meta::HeldBy::removed_subject:
            return "removed_subject";
        case meta::HeldBy::nothing:
            break;
    }
    return "nothing";
}

Json json_of(meta::Holding const& holding, jobs::CollectRules const& rules) {
    Json document{{"repository", holding.repository},
                  {"kind", name_of(holding.kind)},
                  {"held_by", name_of(holding.held_by)},
                  {"holder", nullptr},
                  {"deleted_at", nullptr},
                  {"released_at", nullptr},
                  {"due_at", nullptr}};
    if (!holding.holder.empty()) document["holder"] = holding.holder;
    if (holding.removed_at) document["deleted_at"] = rfc3339(*holding.removed_at);
    if (holding.queued && holding.held_by == meta::HeldBy::nothing) {
        auto grace = holding.queued->fresh ? std::max(rules.grace, rules.pending) : rules.grace;
        if (holding.queued->purged) grace = {};
        document["released_at"] = rfc3339(holding.queued->released_at);
        document["due_at"] = rfc3339(holding.queued->released_at + grace);
    }
    return document;
}

/// `GET /api/v1/gc/why?digest=`.
Task<Result<Response>> get_collection_reasons(Context const& context) {
    CO_CHECK(check_collects(context));
    CO_TRY(auto const digest, oci::Digest::parse(context.query.first(why_digest.name).value_or("")));
    CO_TRY(auto const page, PageQuery::parse(context.query, page_without_n, longest_page));
    auto& report = context.registry.meta.collection().report();
    CO_TRY(auto const holdings, co_await report.holdings(digest, page.size));
    auto list = Json::array();
    for (auto const& holding : holdings) list.push_back(json_of(holding, context.collector->rules()));
    Json document{{"digest", digest.str()}, {"size", nullptr}, {"repositories", std::move(list)}};
    auto const size = co_await context.registry.blobs.stat(digest);
    if (size.has_value()) {
        document["size"] = *size;
    } else if (size.error().code != Errc::blob_unknown) {
        co_return size.error();
    }
    co_return json_response(200, document);
}

/// `POST /api/v1/gc/run`: a round now; with `?now=true` one that waits for no grace.
Task<Result<Response>> post_collection_run(Context const& context) {
    CO_CHECK(check_collects(context));
    CO_TRY(auto const now, query_flag(context.query, freed_now));
    if (now.value_or(false)) context.collector->free_now();
    CO_TRY(auto const asked, context.jobs->run_now(job_name));
    CO_CHECK(co_await note_job(context, meta::ChangeKind::job_run, job_name));
    co_return json_response(
        202, {{"name", job_name}, {"round", asked.number}, {"already_running", asked.already_running}});
}

/// `POST /api/v1/gc/purge`: an image goes for good, whatever the grace.
Task<Result<Response>> post_collection_purge(Context const& context) {
    CO_CHECK(check_collects(context));
    CO_TRY(auto members, co_await JsonMembers::of_body(context.request));
    CO_TRY(auto const name, members.required_text("repository"));
    CO_TRY(auto const text, members.required_text("digest"));
    CO_CHECK(members.reject_unknown());
    CO_TRY(auto repository, oci::RepositoryName::parse(name));
    CO_TRY(auto const digest, oci::Digest::parse(text));
    CO_CHECK(co_await context.collector->purge_image(std::move(repository), digest,
                                                     registry::actor_of(context.caller)));
    CO_TRY(auto const asked, context.jobs->run_now(job_name));
    co_return json_response(
        202, {{"name", job_name}, {"round", asked.number}, {"already_running", asked.already_running}});
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
    if (!request.tag) return Error{Errc::bad_request, "invalid request: at needs a tag"};
    request.at = parse_timestamp(*at);
    if (request.at) return request;
    return Error{
        Errc::bad_request,
        fmt::format("invalid time {} for at: expected a time such as 2026-11-21T17:48:55Z", quote(*at))};
}

/// `POST /api/v1/restore`.
Task<Result<Response>> post_restore(Context const& context) {
    CO_TRY(auto members, co_await JsonMembers::of_body(context.request));
    CO_TRY(auto request, request_of(std::move(members)));
    auto const name = request.repository.str();
    auto& registry = context.registry;
    // Without a tag it stays for a while, as what a client asks for: something may be about to name it.
    if (request.digest) registry.sessions.probes().note(*request.digest, registry.sessions.now());
    CO_TRY(auto const restored,
           co_await registry.meta.collection().restore(std::move(request), registry::actor_of(context.caller),
                                                       registry.clock.now()));
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
     {{{200, "The state; counts of what was removed are those since the start.", &collection_schema}}},
     {},
     Operation{}}};
constexpr Verb plan_verbs[] = {
    {Method::get,
     Action::admin,
     get_collection_plan,
     "List what a round of the garbage collection would remove, and the bytes that become free.",
     {{{200, "The removals; `more` if there are more than `n`.", &collection_plan}}},
     {Errc::pagination_invalid},
     Operation{.query = plan_query}}};
constexpr Verb why_verbs[] = {
    {Method::get,
     Action::admin,
     get_collection_reasons,
     "Say for each repository why it holds a manifest or a blob, or when it is removed.",
     {{{200, "The repositories, none if the digest is unknown, and the size of its bytes, if stored.",
        &reasons_schema}}},
     {Errc::digest_invalid, Errc::pagination_invalid},
     Operation{.query = why_query}}};
constexpr Verb run_verbs[] = {
    {Method::post,
     Action::admin,
     post_collection_run,
     "Start a round of the garbage collection.",
     {{{202, "A round runs; `rounds` of the job `collect-garbage` reaches `round` when it has ended.",
        &started_round}}},
     {},
     Operation{.query = run_query}}};
constexpr Verb purge_verbs[] = {
    {Method::post,
     Action::admin,
     post_collection_purge,
     "Remove a manifest for good that was deleted or untagged, whatever its grace period. A round frees what "
     "only it needed.",
     {{{202, "It cannot be restored. A round runs; see `POST /api/v1/gc/run`.", &started_round}}},
     {Errc::digest_invalid, Errc::manifest_unknown, Errc::conflict, Errc::body_too_large},
     Operation{.body = &purge_body}}};
constexpr Verb restore_verbs[] = {
    {Method::post,
     Action::admin,
     post_restore,
     "Restore a deleted or moved tag, or a deleted manifest or blob, while its grace period lasts.",
     {{{200, "What was restored: the digest, tags that were set, and how many manifests and blobs.",
        &restored_schema}}},
     {Errc::tag_invalid, Errc::digest_invalid, Errc::manifest_unknown, Errc::body_too_large},
     Operation{.body = &restore_body}}};

constexpr Endpoint collection_route_table[] = {
    row("/api/v1/gc", "gc", collection_verbs),        row("/api/v1/gc/plan", "gc_plan", plan_verbs),
    row("/api/v1/gc/run", "gc_run", run_verbs),       row("/api/v1/gc/why", "gc_why", why_verbs),
    row("/api/v1/gc/purge", "gc_purge", purge_verbs), row("/api/v1/restore", "restore", restore_verbs),
};

}  // namespace

RouteTable collection_routes() noexcept {
    return collection_route_table;
}

}  // namespace ocilot::http
