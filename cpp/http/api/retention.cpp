#include "jobs/retention.h"

#include "base/quote.h"
#include "http/api/admin.h"
#include "http/api/routes.h"
#include "http/core/json_members.h"
#include "http/core/page.h"
#include "jobs/job_control.h"
#include "registry/actor.h"

#include <charconv>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ocilot::http {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view job_name = "apply-retention";
constexpr std::size_t page_without_n = 20;
constexpr std::size_t longest_page = 100;

Result<> check_retains(Context const& context) {
    if (context.retention != nullptr && context.jobs != nullptr) return {};
    return Error{Errc::not_found, "this registry has no retention"};
}

constexpr std::string_view verdicts[] = {"keep", "delete"};
constexpr std::string_view plan_states[] = {"making", "ready", "waiting", "applying", "applied", "refused"};

constexpr Schema policy_list = schema::list_of(schema::any_object);
constexpr Field retention_fields[] = {
    {"enabled", schema::boolean, "Whether plans are made and applied on schedule."},
    {"interval_seconds", schema::count},
    {"next_at", schema::or_null(schema::time)},
    {"rules_version", schema::any_text},
    {"policies", policy_list, "The policies in force, in the form of the configuration."}};
constexpr Schema retention_schema = schema::object_of("Retention", retention_fields);

constexpr Field planned_deletion_fields[] = {{"tags", schema::count}, {"manifests", schema::count}};
constexpr Schema planned_deletion = schema::object_of("PlannedDeletion", planned_deletion_fields);
constexpr Field applied_fields[] = {{"at", schema::time},
                                    {"by", schema::any_text},
                                    {"tags", schema::count, "Deleted."},
                                    {"manifests", schema::count, "Deleted."},
                                    {"skipped", schema::count, "Rows that had changed."},
                                    {"denied", schema::count, "Rows that a hook did not allow."}};
constexpr Schema applied_schema = schema::object_of("AppliedPlan", applied_fields);
constexpr Field plan_fields[] = {
    {"id", schema::id},
    {"made_at", schema::time},
    {"made_by", schema::any_text},
    {"scheduled", schema::boolean},
    {"state", schema::one_of(plan_states)},
    {"waits", schema::or_null(schema::any_text), "Why the job does not apply it by itself."},
    {"rules_version", schema::any_text},
    {"repositories", schema::count},
    {"tags", schema::count},
    {"delete", planned_deletion},
    {"bytes", schema::count, "Bytes that become free."},
    {"applied", schema::or_null(applied_schema)},
    {"error", schema::or_null(schema::any_text)}};
constexpr Schema plan_schema = schema::object_of("RetentionPlan", plan_fields);
constexpr Field plan_list_fields[] = {{"plans", schema::list_of(plan_schema), "Newest first."}};
constexpr Schema plan_list = schema::object_of("RetentionPlanList", plan_list_fields);

constexpr Field row_repository{"repository", schema::repository};
constexpr Field row_tag{"tag", schema::or_null(schema::tag), "`null` for an untagged manifest."};
constexpr Field row_digest{"digest", schema::digest};
constexpr Field row_verdict{"verdict", schema::one_of(verdicts)};
constexpr Field row_reason{"reason", schema::any_text};
constexpr Field row_rule{"rule", schema::or_null(schema::any_text), "Such as `applications.delete.0`."};
constexpr Field row_why{"why", schema::any_text, "A sentence, whose words may change."};
constexpr Field row_pushed_at{"pushed_at", schema::time};
constexpr Field plan_row_fields[] = {row_repository, row_tag,  row_digest, row_verdict,
                                     row_reason,     row_rule, row_why,    row_pushed_at};
constexpr Schema plan_row = schema::object_of("RetentionRow", plan_row_fields);
constexpr Field plan_page_fields[] = {
    plan_fields[0],  plan_fields[1],
    plan_fields[2],  plan_fields[3],
    plan_fields[4],  plan_fields[5],
    plan_fields[6],  plan_fields[7],
    plan_fields[8],  plan_fields[9],
    plan_fields[10], plan_fields[11],
    plan_fields[12], {"rows", schema::list_of(plan_row), "At most 500, of one repository."}};
constexpr Schema plan_page = schema::object_of("RetentionPlanPage", plan_page_fields);

constexpr Field selecting_rule_fields[] = {
    {"rule", schema::any_text}, {"text", schema::any_text}, {"selects", schema::boolean}};
constexpr Schema selecting_rule = schema::object_of("SelectingRule", selecting_rule_fields);
constexpr Field explanation_fields[] = {
    row_repository, row_tag,       row_digest,
    row_verdict,    row_reason,    row_rule,
    row_why,        row_pushed_at, {"rules", schema::list_of(selecting_rule)}};
constexpr Schema explanation_schema = schema::object_of("RetentionExplanation", explanation_fields);

constexpr Field new_plan_fields[] = {
    optional({"policies", policy_list, "Policies to try instead of those in force."})};
constexpr Schema new_plan = schema::body_of("NewRetentionPlan", new_plan_fields);
constexpr Schema plan_number{.type = Schema::Type::integer, .most = std::int64_t{1} << 53};
constexpr Field apply_fields[] = {
    {"plan", plan_number, "Id of the plan."},
    optional({"exact", schema::boolean, "`true`: delete nothing if a row has changed."})};
constexpr Schema apply_body = schema::body_of("ApplyPlan", apply_fields);
constexpr Field apply_round_fields[] = {
    {"plan", schema::id},
    {"round", schema::count, "It has ended when `rounds` of `apply-retention` is at least this."},
    {"already_running", schema::boolean}};
constexpr Schema apply_round = schema::object_of("ApplyRound", apply_round_fields);

constexpr Field plan_field{"plan", schema::id, "Id of the plan."};
constexpr Field wanted_verdict = optional({"verdict", schema::one_of(verdicts), "Only such rows."});
constexpr Field after_piece = optional({"last", schema::id, "Value from the URL of the next page."});
constexpr Field plan_rows_query[] = {wanted_verdict, after_piece};
constexpr Field plans_query[] = {page_size, before_id};
constexpr Field explained_repository{"repository", schema::repository, "Name of the repository."};
constexpr Field explained_tag{"tag", schema::tag, "Name of the tag."};
constexpr Field explain_query[] = {explained_repository, explained_tag};

Json text_or_null(std::string const& text) {
    return text.empty() ? Json() : Json(text);
}

/// A plan without its rows.
Json json_of(jobs::PlanSummary const& plan) {
    Json document{
        {"id", plan.id},
        {"made_at", rfc3339(plan.made_at)},
        {"made_by", plan.made_by},
        {"scheduled", plan.scheduled},
        {"state", plan.state},
        {"waits", text_or_null(plan.waits)},
        {"rules_version", plan.version},
        {"repositories", plan.counts.repositories},
        {"tags", plan.counts.tags},
        {"delete", {{"tags", plan.counts.delete_tags}, {"manifests", plan.counts.delete_manifests}}},
        {"bytes", plan.counts.bytes},
        {"applied", nullptr},
        {"error", text_or_null(plan.error)}};
    if (plan.applied_at) {
        document["applied"] = {{"at", rfc3339(*plan.applied_at)}, {"by", plan.applied_by},
                               {"tags", plan.result.tags},        {"manifests", plan.result.manifests},
                               {"skipped", plan.result.skipped},  {"denied", plan.result.denied}};
    }
    return document;
}

Result<std::int64_t> positive(std::string_view text, std::string_view what) {
    std::int64_t number = 0;
    auto const* const end = text.data() + text.size();
    auto const [stopped, problem] = std::from_chars(text.data(), end, number);
    if (problem != std::errc() || stopped != end || number <= 0) {
        return Error{Errc::bad_request,
                     fmt::format("invalid {} {}: expected a positive number", what, quote(text))};
    }
    return number;
}

/// `GET /api/v1/retention`.
Task<Result<Response>> get_retention(Context const& context) {
    CO_CHECK(check_retains(context));
    CO_TRY(auto const job, context.jobs->job(job_name));
    auto const& rules = context.retention->rules();
    auto document = Json{{"enabled", job.state != jobs::JobState::disabled},
                         {"interval_seconds", job.interval.count()},
                         {"next_at", json_time(job.next_at)},
                         {"rules_version", rules.version},
                         {"policies", Json::parse(rules.source)}};
    co_return json_response(200, document);
}

/// `POST /api/v1/retention/plan`.
Task<Result<Response>> post_plan(Context const& context) {
    CO_CHECK(check_retains(context));
    CO_TRY(auto members, co_await JsonMembers::of_body(context.request));
    auto source = members.json("policies");
    CO_CHECK(members.reject_unknown());
    auto rules = context.retention->rules();
    if (source) {
        CO_TRY(rules, jobs::RetentionRules::parse(std::move(*source)));
    }
    CO_TRY(auto const plan, co_await context.retention->plan(rules, registry::actor_of(context.caller)));
    auto response = json_response(201, json_of(plan));
    response.set("Location", context.urls.local(fmt::format("/api/v1/retention/plans/{}", plan.id)));
    co_return response;
}

/// `GET /api/v1/retention/plans`.
Task<Result<Response>> get_plans(Context const& context) {
    CO_CHECK(check_retains(context));
    CO_TRY(auto const before, query_before(context.query));
    CO_TRY(auto const page, PageQuery::parse(context.query, page_without_n, longest_page));
    CO_TRY(auto plans, co_await context.registry.meta.retention().plans(before, page.size + 1));
    bool const more = page.size > 0 && plans.size() > page.size;
    plans.resize(std::min(plans.size(), page.size));
    auto list = Json::array();
    for (auto const& stored : plans) {
        CO_TRY(auto const plan, jobs::plan_of(stored));
        list.push_back(json_of(plan));
    }
    auto response = json_response(200, {{"plans", std::move(list)}});
    if (more) {
        Parameters const next{{"before", std::to_string(plans.back().id)}, {"n", std::to_string(page.size)}};
        response.set("Link", next_link(context.urls.local("/api/v1/retention/plans"), next));
    }
    co_return response;
}

Result<meta::PieceQuery> piece_query(Context const& context) {
    meta::PieceQuery query;
    TRY(query.plan, positive(context.item, "plan"));
    query.verdict = context.query.first(wanted_verdict.name).value_or("");
    if (auto const last = context.query.first(after_piece.name)) {
        TRY(query.after, positive(*last, "last"));
    }
    query.limit = 2;  // One more than a page has.
    return query;
}

/// `GET /api/v1/retention/plans/<item>`: a page is a piece of the plan, at most 500 rows of one repository.
Task<Result<Response>> get_plan(Context const& context) {
    CO_CHECK(check_retains(context));
    CO_TRY(auto const query, piece_query(context));
    auto& store = context.registry.meta.retention();
    CO_TRY(auto const stored, co_await store.plan(query.plan));
    CO_TRY(auto const plan, jobs::plan_of(stored));
    CO_TRY(auto const pieces, co_await store.pieces(query));
    auto document = json_of(plan);
    document["rows"] = Json::array();
    if (!pieces.empty()) {
        auto const rows = Json::parse(pieces.front().rows);
        for (auto const& row : rows) {
            Json with_repository;
            with_repository["repository"] = pieces.front().repository;
            with_repository.update(row);
            document["rows"].push_back(std::move(with_repository));
        }
    }
    auto response = json_response(200, document);
    if (pieces.size() > 1) {
        Parameters next{{"last", std::to_string(pieces.front().number)}};
        if (!query.verdict.empty()) next.emplace_back("verdict", query.verdict);
        auto const path = fmt::format("/api/v1/retention/plans/{}", query.plan);
        response.set("Link", next_link(context.urls.local(path), next));
    }
    co_return response;
}

/// `POST /api/v1/retention/apply`.
Task<Result<Response>> post_apply(Context const& context) {
    CO_CHECK(check_retains(context));
    CO_TRY(auto members, co_await JsonMembers::of_body(context.request));
    CO_TRY(auto const plan, members.number("plan"));
    CO_TRY(auto const exact, members.flag("exact"));
    CO_CHECK(members.reject_unknown());
    if (!plan) co_return Error{Errc::bad_request, "missing field plan"};
    jobs::ApplyRequest request{*plan, exact.value_or(false), registry::actor_of(context.caller)};
    CO_CHECK(co_await context.retention->request(std::move(request)));
    CO_TRY(auto const asked, context.jobs->run_now(job_name));
    co_return json_response(
        202, {{"plan", *plan}, {"round", asked.number}, {"already_running", asked.already_running}});
}

/// `GET /api/v1/retention/explain?repository=&tag=`.
Task<Result<Response>> get_explanation(Context const& context) {
    CO_CHECK(check_retains(context));
    auto const text = context.query.first(explained_repository.name).value_or("");
    CO_TRY(auto const repository, oci::RepositoryName::parse(text));
    CO_TRY(auto const tag, oci::Tag::parse(context.query.first(explained_tag.name).value_or("")));
    CO_TRY(auto const found, co_await context.retention->explain(repository, tag));
    co_return json_response(200, Json::parse(found));
}

using policy::Action;

constexpr Verb retention_verbs[] = {{Method::get,
                                     Action::admin,
                                     get_retention,
                                     "Get the policies of retention and their schedule.",
                                     {{{200, "The policies in force.", &retention_schema}}},
                                     {},
                                     Operation{}}};
constexpr Verb plan_verbs[] = {{Method::post,
                                Action::admin,
                                post_plan,
                                "Make a plan of what retention deletes, with the configured policies or with "
                                "`policies`. Deletes nothing.",
                                {{{201, "The plan without its rows. `Location` has its URL.", &plan_schema}}},
                                {Errc::body_too_large},
                                Operation{.body = &new_plan}}};
constexpr Verb plans_verbs[] = {{Method::get,
                                 Action::admin,
                                 get_plans,
                                 "List the plans of retention, newest first.",
                                 {{page_of(plan_list)}},
                                 {Errc::pagination_invalid},
                                 Operation{.query = plans_query}}};
constexpr Verb plan_item_verbs[] = {
    {Method::get,
     Action::admin,
     get_plan,
     "Get a plan of retention with its rows. A page has up to 500 rows of one repository.",
     {{page_of(plan_page)}},
     {},
     Operation{.item = &plan_field, .query = plan_rows_query}}};
constexpr Verb apply_verbs[] = {
    {Method::post,
     Action::admin,
     post_apply,
     "Apply a plan of retention. Rows that have changed since are skipped.",
     {{{202,
        "A round of the job `apply-retention` runs; its result is part of the plan when the job's `rounds` "
        "reaches `round`.",
        &apply_round}}},
     {Errc::body_too_large, Errc::conflict},
     Operation{.body = &apply_body}}};
constexpr Verb explain_verbs[] = {
    {Method::get,
     Action::admin,
     get_explanation,
     "Explain what retention decides about a tag now, and why.",
     {{{200, "The verdict, its reason, and each rule with whether it selects the tag.",
        &explanation_schema}}},
     {Errc::tag_invalid, Errc::manifest_unknown},
     Operation{.query = explain_query}}};

constexpr Endpoint retention_route_table[] = {
    row("/api/v1/retention", "retention", retention_verbs),
    row("/api/v1/retention/plan", "retention_plan", plan_verbs),
    row("/api/v1/retention/plans", "retention_plans", plans_verbs),
    row("/api/v1/retention/plans/<item>", "retention_plan_rows", plan_item_verbs),
    row("/api/v1/retention/apply", "retention_apply", apply_verbs),
    row("/api/v1/retention/explain", "retention_explain", explain_verbs),
};

}  // namespace

RouteTable retention_routes() noexcept {
    return retention_route_table;
}

}  // namespace ocilot::http
