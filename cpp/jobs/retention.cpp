#include "jobs/retention.h"

#include "jobs/explain_retention.h"
#include "jobs/make_plan.h"

#include <algorithm>
#include <fmt/format.h>

namespace ocilot::jobs {

namespace {

constexpr std::size_t kept_plans = 10;
constexpr std::chrono::minutes first_delay{10};  ///< after a start, unless a plan was made before
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
                             "1 while a scheduled retention plan waits for an administrator.")) {}

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
    co_return Result<>();
}

Task<Result<std::size_t>> Retention::round(Round const& round) {
    std::size_t deleted = 0;
    bool asked = false;
    for (auto request = next_request(); request; request = next_request()) {
        asked = true;
        CO_TRY(auto const some, co_await apply(std::move(*request), round));
        deleted += some;
    }
    if (asked || settings_.rules.policies.empty()) co_return deleted;
    co_return co_await scheduled(round);
}

Task<Result<std::size_t>> Retention::scheduled(Round const& round) {
    PlanSummary draft{.made_by = own_actor().name, .scheduled = true};
    CO_TRY(bool const known, co_await are_known(settings_.rules));
    if (!known && !settings_.first_run_applies) {
        draft.waits = "no plan of these rules was applied before";
    }
    CO_TRY(auto const plan, co_await make_plan(parts_, settings_.rules, configs_, std::move(draft), round));
    CO_CHECK(co_await parts_.registry.meta.retention().forget_plans(kept_plans, std::string(plan_applied)));
    bool const waits = plan.state == plan_waiting;
    waiting_.set(waits ? 1 : 0);
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
    if (applied->scheduled) waiting_.set(0);
    log_.info("retention plan applied", {{"plan", number},
                                         {"by", by.name},
                                         {"tags", done.tags},
                                         {"manifests", done.manifests},
                                         {"skipped", done.skipped},
                                         {"denied", done.denied}});
    CO_CHECK(co_await note(meta::ChangeKind::retention_apply, *applied, by));
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

Task<Result<std::size_t>> retention_due_in(registry::Registry& registry, std::chrono::seconds interval) {
    auto const least = std::min<std::chrono::seconds>(interval, first_delay);
    auto due = least;
    CO_TRY(auto const plans, co_await registry.meta.retention().plans({}, kept_plans + 2));
    for (auto const& stored : plans) {
        CO_TRY(auto const plan, plan_of(stored));
        if (!plan.scheduled) continue;
        due = std::chrono::ceil<std::chrono::seconds>(plan.made_at + interval - registry.clock.now());
        break;
    }
    co_return static_cast<std::size_t>(std::clamp(due, least, interval).count());
}

}  // namespace ocilot::jobs
