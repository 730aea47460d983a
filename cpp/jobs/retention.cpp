#include "jobs/retention.h"

#include "jobs/explain_retention.h"
#include "jobs/make_plan.h"

#include <algorithm>
#include <set>
#include <utility>

namespace ocilot::jobs {

namespace {

constexpr std::size_t kept_plans = 10;
constexpr std::string_view job_name = "apply-retention";
constexpr char const* rows_help = "Deletions of retention plans, by outcome.";

meta::Actor own_actor() {
    return {.name = "retention", .kind = std::string(policy::to_string(policy::CallerKind::system))};
}

}  // namespace

Retention::Retention(RetentionParts parts, RetentionSettings settings, Log const& log, Metrics& metrics)
    : parts_(parts),
      settings_(std::move(settings)),
      log_(log),
      tags_(metrics.counter("ocilot_retention_rows_total", rows_help, {{"outcome", "tag_deleted"}})),
      manifests_(
          metrics.counter("ocilot_retention_rows_total", rows_help, {{"outcome", "manifest_deleted"}})),
      skipped_(metrics.counter("ocilot_retention_rows_total", rows_help, {{"outcome", "skipped"}})),
      denied_(metrics.counter("ocilot_retention_rows_total", rows_help, {{"outcome", "denied"}})),
      waiting_(metrics.gauge("ocilot_retention_plan_waiting",
                             "1 while a scheduled retention plan waits for an administrator.")),
      next_(metrics.gauge("ocilot_retention_next_plan_timestamp_seconds",
                          "When the next scheduled retention plan is due; 0 without policies.")) {}

std::optional<ApplyRequest> Retention::next_request() {
    std::lock_guard const lock(mutex_);
    if (requests_.empty()) return std::nullopt;
    auto request = std::move(requests_.front());
    requests_.pop_front();
    return request;
}

Task<Result<>> Retention::request(ApplyRequest request) {
    CO_CHECK(co_await applicable_plan(parts_, request.plan));
    std::lock_guard const lock(mutex_);
    requests_.push_back(std::move(request));
    apply_requested_ = true;
    co_return Result<>();
}

Task<Result<std::size_t>> Retention::round(Round const& round) {
    CO_CHECK(co_await begin());
    std::size_t deleted = 0;
    bool asked = false;
    for (auto request = next_request(); request; request = next_request()) {
        asked = true;
        CO_TRY(auto const some, co_await apply(std::move(*request), round));
        deleted += some;
    }
    if (settings_.rules.policies.empty()) co_return deleted;
    CO_TRY(auto schedule, co_await this->schedule());
    auto const now = retention_time(parts_.registry);
    auto due = wants_all(round) ? schedule.names() : schedule.due(now);
    if (!asked && !due.empty()) co_return co_await scheduled(std::move(schedule), std::move(due), round);
    if (schedule.heartbeat(now)) {
        CO_CHECK(co_await save(schedule));
    }
    co_return deleted;
}

Task<Result<>> Retention::begin() {
    if (begun_ || settings_.rules.policies.empty()) co_return Result<>();
    CO_TRY(auto schedule, co_await this->schedule());
    if (schedule.start(retention_time(parts_.registry))) {
        log_.warn(
            "retention waits for an administrator: the registry was stopped for long, or its clock was set");
    }
    CO_CHECK(co_await save(schedule));
    begun_ = true;
    co_return co_await show_waiting();
}

bool Retention::wants_all(Round const& round) {
    if (!round.requested()) return false;
    std::lock_guard const lock(mutex_);
    return !std::exchange(apply_requested_, false);
}

Task<Result<>> Retention::show_waiting() {
    CO_TRY(auto const plans, co_await parts_.registry.meta.retention().plans({}, kept_plans + 2));
    std::set<std::string> decided;
    bool waits = false;
    for (auto const& stored : plans) {
        CO_TRY(auto const plan, plan_of(stored));
        bool const counts = plan.scheduled || plan.state == plan_applied;
        if (!counts) continue;
        auto const is_open = [&](std::string const& name) { return !decided.contains(name); };
        bool const newest = plan.policies.empty() || std::ranges::any_of(plan.policies, is_open);
        if (plan.state == plan_waiting && newest) waits = true;
        if (plan.policies.empty()) break;  // It has all policies: no older one matters.
        decided.insert(plan.policies.begin(), plan.policies.end());
    }
    waiting_.set(waits ? 1 : 0);
    co_return Result<>();
}

Task<Result<RetentionSchedule>> Retention::schedule() {
    CO_TRY(auto const stored, co_await parts_.registry.meta.places().place(std::string(job_name)));
    auto const text = stored ? std::string_view(stored->place) : std::string_view();
    RetentionSchedule schedule(settings_.rules.policies, settings_.interval, text,
                               retention_time(parts_.registry));
    if (stored) co_return schedule;
    CO_TRY(bool const known, co_await are_known(settings_.rules));
    if (known) schedule.applied(schedule.names(), settings_.rules.version);
    co_return schedule;
}

Task<Result<>> Retention::save(RetentionSchedule const& schedule) {
    auto const next = schedule.next();
    next_.set(next ? std::chrono::floor<std::chrono::seconds>(*next).time_since_epoch().count() : 0);
    meta::JobPlace place{std::string(job_name), schedule.text(), retention_time(parts_.registry)};
    co_return co_await parts_.registry.meta.places().save(std::move(place));
}

std::string Retention::wait_of(RetentionSchedule const& schedule,
                               std::vector<std::string> const& policies) const {
    if (schedule.clock_is_doubted()) {
        return "the registry was stopped for more than 26h, or its clock was set forward: ages may be wrong";
    }
    if (settings_.first_run_applies || schedule.knows(policies, settings_.rules.version)) return {};
    return "no plan of these rules was applied before";
}

Task<Result<std::size_t>> Retention::scheduled(RetentionSchedule schedule, std::vector<std::string> policies,
                                               Round const& round) {
    auto const now = retention_time(parts_.registry);
    PlanSummary draft{.made_by = own_actor().name, .scheduled = true, .policies = policies};
    draft.waits = wait_of(schedule, policies);
    auto rules = settings_.rules;
    rules.only(policies);
    auto const made = co_await make_plan(parts_, rules, configs_, std::move(draft), round);
    if (made.has_error()) {
        schedule.retry(policies, now);
        CO_CHECK(co_await save(schedule));
        co_return made.error();
    }
    schedule.ran(policies, now);
    CO_CHECK(co_await save(schedule));
    auto const& plan = *made;
    CO_CHECK(co_await parts_.registry.meta.retention().forget_plans(kept_plans, std::string(plan_applied)));
    bool const waits = plan.state == plan_waiting;
    CO_CHECK(co_await show_waiting());
    if (waits) {
        log_.warn("retention plan waits for an administrator",
                  {{"plan", plan.id},
                   {"reason", plan.waits},
                   {"delete_tags", plan.counts.delete_tags},
                   {"delete_manifests", plan.counts.delete_manifests}});
    }
    if (waits || plan.counts.delete_tags + plan.counts.delete_manifests == 0) co_return std::size_t{0};
    ApplyRequest request{.plan = plan.id, .by = own_actor()};
    co_return co_await apply(std::move(request), round);
}

Task<Result<std::size_t>> Retention::apply(ApplyRequest request, Round const& round) {
    auto const by = request.by;
    auto const number = request.plan;
    auto const applied = co_await apply_plan(parts_, std::move(request), configs_, round, log_);
    if (applied.has_error()) {
        log_.warn("retention plan not applied", {{"plan", number}, {"error", applied.error().message}});
        co_return applied.error();
    }
    auto const& done = applied->result;
    if (applied->state == plan_refused) {
        log_.warn("retention plan not applied", {{"plan", number}, {"error", applied->error}});
        co_return std::size_t{0};
    }
    tags_.add(done.tags);
    manifests_.add(done.manifests);
    skipped_.add(done.skipped);
    denied_.add(done.denied);
    log_.info("retention plan applied", {{"plan", number},
                                         {"by", by.name},
                                         {"tags", done.tags},
                                         {"manifests", done.manifests},
                                         {"skipped", done.skipped},
                                         {"denied", done.denied}});
    CO_CHECK(co_await note(meta::ChangeKind::retention_apply, *applied, by));
    CO_CHECK(co_await note_applied(*applied, by));
    CO_CHECK(co_await show_waiting());
    co_return static_cast<std::size_t>(done.tags + done.manifests);
}

Task<Result<PlanSummary>> Retention::plan(RetentionRules const& rules, meta::Actor by) {
    Round const round;
    PlanSummary draft{.made_by = by.name};
    CO_TRY(auto plan, co_await make_plan(parts_, rules, configs_, std::move(draft), round));
    CO_CHECK(co_await parts_.registry.meta.retention().forget_plans(kept_plans, std::string(plan_applied)));
    CO_CHECK(co_await note(meta::ChangeKind::retention_plan, plan, std::move(by)));
    co_return plan;
}

Task<Result<std::vector<PolicyMatch>>> Retention::matches(RetentionRules const& rules) {
    Round const round;
    co_return co_await match_rules(parts_, rules, configs_, round);
}

Task<Result<std::string>> Retention::explain(oci::RepositoryName repository, oci::Tag tag) {
    Round const round;
    co_return co_await explain_retention(parts_, settings_.rules, configs_, std::move(repository),
                                         std::move(tag), round);
}

Task<Result<bool>> Retention::are_known(RetentionRules const& rules) {
    CO_TRY(auto const plans, co_await parts_.registry.meta.retention().plans({}, kept_plans + 2));
    for (auto const& stored : plans) {
        CO_TRY(auto const plan, plan_of(stored));
        if (plan.state == plan_applied && plan.version == rules.version) co_return true;
    }
    co_return false;
}

Task<Result<>> Retention::note_applied(PlanSummary const& plan, meta::Actor const& by) {
    if (plan.version != settings_.rules.version) co_return Result<>();
    CO_TRY(auto schedule, co_await this->schedule());
    schedule.applied(plan.policies.empty() ? schedule.names() : plan.policies, plan.version);
    if (by.kind != own_actor().kind) schedule.trust_clock();
    co_return co_await save(schedule);
}

Task<Result<>> Retention::note(meta::ChangeKind kind, PlanSummary const& plan, meta::Actor by) {
    bool const applied = kind == meta::ChangeKind::retention_apply;
    std::vector<meta::Change> changes(1);
    auto& change = changes.front();
    change.at = parts_.registry.clock.now();
    change.kind = kind;
    change.by = std::move(by);
    change.name = std::to_string(plan.id);
    change.details.counts = {{"tags", applied ? plan.result.tags : plan.counts.delete_tags},
                             {"manifests", applied ? plan.result.manifests : plan.counts.delete_manifests}};
    co_return co_await parts_.registry.meta.journal().append(std::move(changes));
}

}  // namespace ocilot::jobs
