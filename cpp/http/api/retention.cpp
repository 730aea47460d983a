#include "jobs/retention.h"

#include "base/quote.h"
#include "http/api/admin.h"
#include "http/api/retention_schema.h"
#include "http/api/routes.h"
#include "http/core/json_members.h"
#include "http/core/page.h"
#include "jobs/job_control.h"
#include "registry/actor.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ocilot::http {

namespace {

using Json = nlohmann::ordered_json;
using namespace retention_values;

constexpr std::string_view job_name = "apply-retention";
constexpr std::size_t page_without_n = 20;
constexpr std::size_t longest_page = 100;

Result<> check_retains(Context const& context) {
    if (context.retention != nullptr && context.jobs != nullptr) return {};
    return Error{Errc::not_found, "this registry has no retention"};
}

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
        {"policies", plan.policies},
        {"state", plan.state},
        {"waits", text_or_null(plan.waits)},
        {"rules_version", plan.version},
        {"repositories", plan.counts.repositories},
        {"tags", plan.counts.tags},
        {"delete", {{"tags", plan.counts.delete_tags}, {"manifests", plan.counts.delete_manifests}}},
        {"untagged", plan.counts.untagged},
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

Json json_of(jobs::PolicyRun const& run) {
    return {{"policy", run.name},
            {"schedule", run.schedule_text},
            {"last_at", json_time(run.ran_at)},
            {"next_at", rfc3339(run.due_at)}};
}

Json json_of(std::vector<jobs::KnownPolicy> const& unreadable) {
    auto list = Json::array();
    for (auto const& policy : unreadable) list.push_back({{"policy", policy.name}, {"error", policy.error}});
    return list;
}

/// `GET /api/v1/retention`.
Task<Result<Response>> get_retention(Context const& context) {
    CO_CHECK(check_retains(context));
    CO_TRY(auto const job, context.jobs->job(job_name));
    CO_TRY(auto const known, co_await context.retention->policies().readable());
    auto const& rules = known.rules;
    CO_TRY(auto const schedule, co_await context.retention->schedule(rules));
    auto runs = Json::array();
    for (auto const& run : schedule.runs()) runs.push_back(json_of(run));
    bool const enabled =
        job.state != jobs::JobState::disabled && !rules.policies.empty() && known.unreadable.empty();
    auto document = Json{{"enabled", enabled},
                         {"interval_seconds", context.retention->interval().count()},
                         {"timezone", context.retention->zone().name()},
                         {"next_at", json_time(schedule.next())},
                         {"clock_is_doubted", schedule.clock_is_doubted()},
                         {"schedules", std::move(runs)},
                         {"rules_version", rules.version},
                         {"policies", Json::parse(rules.source)},
                         {"unreadable", json_of(known.unreadable)}};
    co_return json_response(200, document);
}

/// The registry fetches such lists: only an administrator says from where.
Task<Result<>> check_may_read_lists(Context const& context, jobs::RetentionRules const& rules) {
    bool const has_lists = std::ranges::any_of(rules.policies, [](retention::Policy const& policy) {
        return std::ranges::any_of(policy.keep,
                                   [](retention::Rule const& rule) { return !rule.in_use.empty(); });
    });
    if (!has_lists) co_return Result<>();
    policy::Access const all{std::nullopt, policy::Action::admin};
    CO_TRY(bool const is_administrator, co_await context.guard.may(context.caller, all));
    if (is_administrator) co_return Result<>();
    co_return Error{Errc::denied,
                    "only administrators may try policies with in-use: leave it out, or make a plan with the "
                    "policies in force"};
}

/// The policies of the body, if it has any to try instead of those in force.
Task<Result<std::optional<jobs::RetentionRules>>> tried_rules(Context const& context) {
    CO_TRY(auto members, co_await JsonMembers::of_body(context.request));
    auto source = members.json("policies");
    CO_CHECK(members.reject_unknown());
    if (!source) co_return std::optional<jobs::RetentionRules>();
    CO_TRY(auto rules, jobs::RetentionRules::parse(std::move(*source)));
    if (context.caller.kind == policy::CallerKind::local) co_return std::optional(std::move(rules));
    CO_CHECK(co_await check_may_read_lists(context, rules));
    auto const checked = retention::check_reads_no_file(rules.policies);
    if (checked.has_error()) co_return jobs::policy_error("policies", checked.error());
    co_return std::optional(std::move(rules));
}

/// `POST /api/v1/retention/plan`.
Task<Result<Response>> post_plan(Context const& context) {
    CO_CHECK(check_retains(context));
    CO_TRY(auto tried, co_await tried_rules(context));
    CO_TRY(auto const plan,
           co_await context.retention->plan(std::move(tried), registry::actor_of(context.caller)));
    auto response = json_response(201, json_of(plan));
    response.set("Location", context.urls.local(fmt::format("/api/v1/retention/plans/{}", plan.id)));
    co_return response;
}

Json json_of(std::vector<jobs::RuleMatch> const& rules) {
    auto list = Json::array();
    for (auto const& match : rules) {
        list.push_back({{"rule", match.rule},
                        {"text", match.text},
                        {"selected", match.selected},
                        {"named", match.named},
                        {"candidates", match.candidates ? Json(*match.candidates) : Json()}});
    }
    return list;
}

/// `POST /api/v1/retention/matches`.
Task<Result<Response>> post_matches(Context const& context) {
    CO_CHECK(check_retains(context));
    CO_TRY(auto tried, co_await tried_rules(context));
    CO_TRY(auto const found, co_await context.retention->matches(std::move(tried)));
    auto list = Json::array();
    for (auto const& policy : found) {
        list.push_back({{"policy", policy.name},
                        {"repositories", policy.repositories},
                        {"tags", policy.tags},
                        {"labels_unread", policy.labels_unread},
                        {"keep", json_of(policy.keep)},
                        {"delete", json_of(policy.remove)}});
    }
    co_return json_response(200, {{"matches", std::move(list)}});
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
constexpr Verb plan_verbs[] = {
    {Method::post,
     Action::admin,
     post_plan,
     "Make a plan of what retention deletes, with the policies in force or with "
     "`policies`. Deletes nothing. Also for callers in `ocilot.retention.readers`.",
     {{{201, "The plan without its rows. `Location` has its URL.", &plan_schema}}},
     {Errc::body_too_large, Errc::conflict},
     Operation{.body = &new_plan, .for_retention_readers = true}}};
constexpr Verb matches_verbs[] = {
    {Method::post,
     Action::admin,
     post_matches,
     "Count what each rule of retention selects now, with the policies in force or with `policies`. Stores "
     "nothing. Also for callers in `ocilot.retention.readers`.",
     {{{200, "For each policy its repositories and tags, and for each rule what it selects.",
        &matches_schema}}},
     {Errc::body_too_large, Errc::conflict},
     Operation{.body = &new_plan, .for_retention_readers = true}}};
constexpr Verb plans_verbs[] = {{Method::get,
                                 Action::admin,
                                 get_plans,
                                 "List the plans of retention, newest first. Also for callers in "
                                 "`ocilot.retention.readers`.",
                                 {{page_of(plan_list)}},
                                 {Errc::pagination_invalid},
                                 Operation{.query = plans_query, .for_retention_readers = true}}};
constexpr Verb plan_item_verbs[] = {
    {Method::get,
     Action::admin,
     get_plan,
     "Get a plan of retention with its rows. A page has up to 500 rows of one repository. Also for callers "
     "in "
     "`ocilot.retention.readers`.",
     {{page_of(plan_page)}},
     {},
     Operation{.item = &plan_field, .query = plan_rows_query, .for_retention_readers = true}}};
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
     "Explain what retention decides about a tag now, and why. Also for callers in "
     "`ocilot.retention.readers`.",
     {{{200, "The verdict, its reason, and each rule with whether it selects the tag.",
        &explanation_schema}}},
     {Errc::tag_invalid, Errc::manifest_unknown, Errc::conflict},
     Operation{.query = explain_query, .for_retention_readers = true}}};

constexpr Endpoint retention_route_table[] = {
    row("/api/v1/retention", "retention", retention_verbs),
    row("/api/v1/retention/plan", "retention_plan", plan_verbs),
    row("/api/v1/retention/matches", "retention_matches", matches_verbs),
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
