#include "http/api/admin.h"
#include "http/api/routes.h"
#include "jobs/job_control.h"

#include <nlohmann/json.hpp>

namespace ocilot::http {

namespace {

using Json = nlohmann::ordered_json;

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
                                {{{200, "Jobs by name."}}},
                                {}}};
constexpr Verb job_verbs[] = {
    {Method::get,
     Action::admin,
     get_job,
     "Get the state and the last result of a background job.",
     {{{200, "The job."}}},
     {}},
    {Method::post,
     Action::admin,
     post_job,
     "Start a round of a background job now, or join the running one.",
     {{{202, "A round is running. `rounds` of the job reaches `round` when it ends."}}},
     {}},
    {Method::del,
     Action::admin,
     delete_job,
     "Cancel the running round of a background job. The next round starts as scheduled.",
     {{{200, "No round is running."}, {202, "The round ends at its next step."}}},
     {}}};

constexpr Endpoint job_route_table[] = {
    row("/api/v1/jobs", "jobs", jobs_verbs),
    row("/api/v1/jobs/<item>", "job", job_verbs),
};

}  // namespace

RouteTable job_routes() noexcept {
    return job_route_table;
}

}  // namespace ocilot::http
