#include "http/api/admin.h"
#include "http/api/routes.h"
#include "jobs/job_control.h"

#include <nlohmann/json.hpp>

namespace ocilot::http {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view job_states[] = {"idle", "running", "disabled"};
constexpr std::string_view round_outcomes[] = {"ok", "failed", "cancelled", "skipped"};

constexpr Field round_fields[] = {
    {"started_at", schema::time},
    {"seconds", schema::seconds, "Duration."},
    {"outcome", schema::one_of(round_outcomes), "`skipped`: another process on the same data ran it."},
    {"items", schema::count, "What the round changed or found; each job counts its own."},
    {"error", schema::or_null(schema::any_text), "Why it failed."}};
constexpr Schema round_schema = schema::object_of("JobRound", round_fields);

constexpr Field job_fields[] = {
    {"name", schema::any_text},
    {"purpose", schema::any_text},
    {"state", schema::one_of(job_states), "`disabled`: no schedule, runs on request only."},
    {"interval_seconds", schema::count},
    {"next_at", schema::or_null(schema::time)},
    {"running_since", schema::or_null(schema::time)},
    {"rounds", schema::count, "Rounds that ended since the process started."},
    {"last", schema::or_null(round_schema)}};
constexpr Schema job_schema = schema::object_of("Job", job_fields);
constexpr Field job_list_fields[] = {{"jobs", schema::list_of(job_schema), "Sorted by name."}};
constexpr Schema job_list = schema::object_of("JobList", job_list_fields);

constexpr Field cancelled_fields[] = {{"name", schema::any_text},
                                      {"cancelled", schema::boolean, "Whether a round was running."}};
constexpr Schema cancelled_round = schema::object_of("CancelledRound", cancelled_fields);

constexpr Field job_field{"job", {.pattern = "^[a-z0-9-]+$"}, "Name of the job."};

double seconds_of(std::chrono::microseconds time) {
    return std::chrono::duration<double>(time).count();
}

Json json_of(jobs::RoundResult const& round) {
    Json document{{"started_at", rfc3339(round.started_at)},
                  {"seconds", seconds_of(round.duration)},
                  {"outcome", jobs::to_string(round.outcome)},
                  {"items", round.items},
                  {"error", nullptr}};
    if (!round.error.empty()) document["error"] = round.error;
    return document;
}

Json json_of(jobs::JobStatus const& job) {
    Json document{{"name", job.name},
                  {"purpose", job.purpose},
                  {"state", jobs::to_string(job.state)},
                  {"interval_seconds", job.interval.count()},
                  {"next_at", json_time(job.next_at)},
                  {"running_since", json_time(job.running_since)},
                  {"rounds", job.rounds},
                  {"last", nullptr}};
    if (job.last) document["last"] = json_of(*job.last);
    return document;
}

Error without_jobs() {
    return {Errc::not_found, "no background jobs available"};
}

/// `GET /api/v1/jobs`.
Task<Result<Response>> get_jobs(Context const& context) {
    if (context.jobs == nullptr) co_return without_jobs();
    auto list = Json::array();
    for (auto const& job : context.jobs->jobs()) list.push_back(json_of(job));
    co_return json_response(200, {{"jobs", std::move(list)}});
}

/// `GET /api/v1/jobs/<item>`.
Task<Result<Response>> get_job(Context const& context) {
    if (context.jobs == nullptr) co_return without_jobs();
    CO_TRY(auto const job, context.jobs->job(context.item));
    co_return json_response(200, json_of(job));
}

/// `POST /api/v1/jobs/<item>`: starts a round; `rounds` of the job reaches `round` when it has ended.
Task<Result<Response>> post_job(Context const& context) {
    if (context.jobs == nullptr) co_return without_jobs();
    CO_TRY(auto const asked, context.jobs->run_now(context.item));
    CO_CHECK(co_await note_job(context, meta::ChangeKind::job_run, context.item));
    auto response = json_response(
        202, {{"name", context.item}, {"round", asked.number}, {"already_running", asked.already_running}});
    response.set("Location", context.urls.local("/api/v1/jobs/" + std::string(context.item)));
    co_return response;
}

/// `DELETE /api/v1/jobs/<item>`: ends the round under way, not the job.
Task<Result<Response>> delete_job(Context const& context) {
    if (context.jobs == nullptr) co_return without_jobs();
    CO_TRY(bool const cancelled, context.jobs->cancel(context.item));
    if (cancelled) {
        CO_CHECK(co_await note_job(context, meta::ChangeKind::job_cancel, context.item));
    }
    co_return json_response(cancelled ? 202 : 200, {{"name", context.item}, {"cancelled", cancelled}});
}

using policy::Action;

constexpr Verb jobs_verbs[] = {{Method::get,
                                Action::admin,
                                get_jobs,
                                "List the background jobs with their state and last result.",
                                {{{200, "Jobs by name.", &job_list}}},
                                {},
                                Operation{}}};
constexpr Verb job_verbs[] = {
    {Method::get,
     Action::admin,
     get_job,
     "Get the state and the last result of a background job.",
     {{{200, "The job.", &job_schema}}},
     {},
     Operation{.item = &job_field}},
    {Method::post,
     Action::admin,
     post_job,
     "Start a round of a background job now, or join the running one.",
     {{{202, "A round is running. `rounds` of the job reaches `round` when it ends.", &started_round}}},
     {},
     Operation{.item = &job_field}},
    {Method::del,
     Action::admin,
     delete_job,
     "Cancel the running round of a background job. The next round starts as scheduled.",
     {{{200, "No round is running.", &cancelled_round},
       {202, "The round ends at its next step.", &cancelled_round}}},
     {},
     Operation{.item = &job_field}}};

constexpr Endpoint job_route_table[] = {
    row("/api/v1/jobs", "jobs", jobs_verbs),
    row("/api/v1/jobs/<item>", "job", job_verbs),
};

}  // namespace

RouteTable job_routes() noexcept {
    return job_route_table;
}

}  // namespace ocilot::http
